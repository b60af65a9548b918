"""Exports a trace with GenAI conventions through the real OpenTelemetry SDK, as protobuf, as framed protobuf and as OTLP JSON."""

import json, struct, sys

try:
    from google.protobuf.json_format import MessageToDict
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
except ImportError as missing:
    print(f"skipped: {missing}; pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http")
    sys.exit(77)

folder = sys.argv[1]
memory = InMemorySpanExporter()
provider = TracerProvider(resource=Resource.create({"service.name": "pricing", "host.name": "node-7", "service.version": "3.2"}))
provider.add_span_processor(SimpleSpanProcessor(memory))
tracer = provider.get_tracer("agents")

with tracer.start_as_current_span("invoke_agent quoter", attributes={
        "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "quoter", "gen_ai.conversation.id": "conv-1"}):
    with tracer.start_as_current_span("chat gpt-x", attributes={
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-x",
            "gen_ai.response.model": "gpt-x-2026-09-01", "gen_ai.response.id": "chatcmpl-9", "gen_ai.agent.name": "quoter",
            "gen_ai.response.finish_reasons": ["stop"], "gen_ai.request.temperature": 0.5, "gen_ai.request.stop_sequences": ["a", "b"],
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "price of x \u2603?"}]}]),
            "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "41"}], "finish_reason": "stop"}]),
            "gen_ai.usage.input_tokens": 120, "gen_ai.usage.output_tokens": 45, "gen_ai.conversation.id": "conv-1"}) as chat:
        link = trace.Link(chat.get_span_context())
    with tracer.start_as_current_span("execute_tool set_price", links=[link], attributes={
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "set_price", "gen_ai.agent.name": "quoter",
            "gen_ai.tool.call.id": "call_1"}):
        pass
    with tracer.start_as_current_span("chat gpt-x", attributes={
            "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x", "gen_ai.agent.name": "quoter",
            "error.type": "timeout"}) as failed:
        failed.add_event("gen_ai.user.message", {"content": "again?"})
        failed.set_status(trace.StatusCode.ERROR)
with tracer.start_as_current_span("GET /health"):
    pass

request = encode_spans(memory.get_finished_spans())
wire = request.SerializeToString()
open(f"{folder}/trace.pb", "wb").write(wire)
open(f"{folder}/framed.binpb", "wb").write(2 * (struct.pack(">I", len(wire)) + wire))

import base64
document = MessageToDict(request)

def hexed(node):
    for name in ("traceId", "spanId", "parentSpanId"):
        if name in node:
            node[name] = base64.b64decode(node[name]).hex()

for group in document["resourceSpans"]:
    for scope in group["scopeSpans"]:
        for span in scope["spans"]:
            hexed(span)
            for link in span.get("links", []):
                hexed(link)
open(f"{folder}/trace.jsonl", "w").write(json.dumps(document) + "\n")
open(f"{folder}/pretty.json", "w").write(json.dumps(document, indent=2))
print(json.dumps([json.loads(span.to_json()) for span in memory.get_finished_spans()]))
