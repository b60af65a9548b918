//! Commands that show a step's result with bash, coreutils, openssl and python3, ready to paste.
//!
//! Bytes enter a command only as hex or base64 we wrote ourselves, so no recorded text can become shell.

use crate::model::Hash;
use crate::proof::malformed::base64_text;
use std::fmt;

/// Longer bytes make no command a person would paste.
pub const MAX_COMMAND_BYTES: usize = 64 << 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// SHA-256 of bytes.
    Sha256(Vec<u8>),
    /// Keccak-256 of bytes, once or (for leaves) twice.
    Keccak { bytes: Vec<u8>, twice: bool },
    /// RSA-PSS with SHA-256 under a SubjectPublicKeyInfo.
    Pss { key: Vec<u8>, message: Vec<u8>, signature: Vec<u8>, salt: usize },
    /// Ed25519 under a raw key.
    Ed25519 { key: [u8; 32], message: Vec<u8>, signature: Vec<u8> },
    /// ES384 under a certificate's key; the signature in DER.
    Es384 { certificate: Vec<u8>, message: Vec<u8>, signature: Vec<u8> },
    /// The root of an OpenZeppelin tree over these leaf hashes, as they stand in the tree.
    Tree(Vec<Hash>),
    /// The account that signed the Keccak-256 of bytes: secp256k1, 65 bytes of signature.
    Account { message: Vec<u8>, signature: Vec<u8> },
    /// What a node of the chain says of a transaction.
    Ask { transaction: Hash },
}

/// SubjectPublicKeyInfo of an Ed25519 key, up to the key (RFC 8410 §4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Command {
    /// What the command prints when the step holds, beside the computed value.
    pub const fn expects(&self) -> &'static str {
        match self {
            Self::Sha256(_) | Self::Keccak { .. } => "the computed hash",
            Self::Tree(_) => "the computed root",
            Self::Account { .. } => "the account that signed",
            Self::Ask { .. } => "status 1 and the event, on the word of the node you ask",
            Self::Pss { .. } | Self::Es384 { .. } => "Verified OK",
            Self::Ed25519 { .. } => "Signature Verified Successfully",
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Sha256(bytes) | Self::Keccak { bytes, .. } => bytes.len(),
            Self::Pss { key, message, signature, .. } => key.len() + message.len() + signature.len(),
            Self::Ed25519 { message, signature, .. } => message.len() + signature.len(),
            Self::Es384 { certificate, message, signature } => {
                certificate.len() + message.len() + signature.len()
            }
            Self::Tree(leaves) => leaves.len() * 32,
            Self::Account { message, signature } => message.len() + signature.len(),
            Self::Ask { .. } => 32,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.length() > MAX_COMMAND_BYTES {
            return write!(f, "# {} bytes: too long to paste", self.length());
        }
        match self {
            Self::Sha256(bytes) => write!(f, "echo {} | base64 -d | sha256sum", base64_text(bytes)),
            Self::Keccak { bytes, twice } => {
                let call = if *twice { "keccak(keccak(m))" } else { "keccak(m)" };
                let bytes = hex::encode(bytes);
                python(f, &format!("m = bytes.fromhex('{bytes}')\nprint({call}.hex())"))
            }
            Self::Tree(leaves) => {
                let bytes = hex::encode(leaves.iter().flat_map(|leaf| leaf.0).collect::<Vec<u8>>());
                python(f, &format!("b = bytes.fromhex('{bytes}')\n{TREE}"))
            }
            Self::Account { message, signature } => {
                let (message, signature) = (hex::encode(message), hex::encode(signature));
                python(
                    f,
                    &format!("m, s = bytes.fromhex('{message}'), bytes.fromhex('{signature}')\n{ACCOUNT}"),
                )
            }
            Self::Ask { transaction } => write!(f, "cast receipt 0x{transaction} --rpc-url \"$RPC_URL\""),
            // openssl wants to know how long what Ed25519 signed is, so it takes files and no pipes.
            Self::Ed25519 { key, message, signature } => write!(
                f,
                "d=$(mktemp -d) && echo {} | base64 -d > $d/k && echo {} | base64 -d > $d/m && echo {} | base64 -d > $d/s && \
                 openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey $d/k -in $d/m -sigfile $d/s; rm -r $d",
                base64_text(&[&ED25519_SPKI[..], key].concat()),
                base64_text(message),
                base64_text(signature)
            ),
            Self::Es384 { certificate, message, signature } => write!(
                f,
                "openssl dgst -sha384 \
                 -verify <(echo {} | base64 -d | openssl x509 -inform DER -pubkey -noout) \
                 -signature <(echo {} | base64 -d) <(echo {} | base64 -d)",
                base64_text(certificate),
                base64_text(signature),
                base64_text(message)
            ),
            Self::Pss { key, message, signature, salt } => write!(
                f,
                "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:{salt} \
                 -verify <(echo {} | base64 -d | openssl pkey -pubin -inform DER) \
                 -signature <(echo {} | base64 -d) <(echo {} | base64 -d)",
                base64_text(key),
                base64_text(signature),
                base64_text(message)
            ),
        }
    }
}

/// A script that can say `keccak`.
fn python(f: &mut fmt::Formatter<'_>, script: &str) -> fmt::Result {
    write!(f, "python3 - <<'END'\n{KECCAK}{script}\nEND")
}

/// Inner nodes from their children, the smaller first; node *i* stands above *2i+1* and *2i+2*.
const TREE: &str = "t = [b[i:i + 32] for i in range(0, len(b), 32)]
t = [b''] * (len(t) - 1) + t
for i in range(len(t) // 2 - 1, -1, -1):
    t[i] = keccak(b''.join(sorted(t[2 * i + 1:2 * i + 3])))
print(t[0].hex())";

/// SEC 1 §4.1.6 on secp256k1, and the account of the key.
const ACCOUNT: &str =
    "p, n = 2**256 - 2**32 - 977, 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141
G = (0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
     0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)
def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % p == 0:
        return None
    k = 3 * a[0]**2 * pow(2 * a[1], -1, p) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, p)
    x = (k * k - a[0] - b[0]) % p
    return x, (k * (a[0] - x) - a[1]) % p
def times(k, a):
    r = None
    for i in range(256):
        r = add(r, a) if k >> i & 1 else r
        a = add(a, a)
    return r
z, r, v = int.from_bytes(keccak(m), 'big'), int.from_bytes(s[:32], 'big'), s[64] % 27
y = pow(r**3 + 7, (p + 1) // 4, p)
R = (r, y if y % 2 == v else p - y)
i = pow(r, -1, n)
Q = add(times(int.from_bytes(s[32:64], 'big') * i % n, R), times(-z * i % n, G))
print('0x' + keccak(Q[0].to_bytes(32, 'big') + Q[1].to_bytes(32, 'big'))[12:].hex())";

/// Keccak-f[1600] with Ethereum's padding: openssl before 3.2 and hashlib know only NIST's SHA-3.
pub const KECCAK: &str = "def keccak(m):
    rol = lambda a, n: (a << n % 64 | a >> (64 - n % 64)) & (2**64 - 1)
    p = bytearray(m) + b'\\x01' + bytes(-(len(m) + 1) % 136)
    p[-1] |= 128
    A = [[0] * 5 for _ in range(5)]
    for o in range(0, len(p), 136):
        for i in range(17):
            A[i % 5][i // 5] ^= int.from_bytes(p[o + 8 * i:o + 8 * i + 8], 'little')
        R = 1
        for _ in range(24):
            C = [A[x][0] ^ A[x][1] ^ A[x][2] ^ A[x][3] ^ A[x][4] for x in range(5)]
            D = [C[(x + 4) % 5] ^ rol(C[(x + 1) % 5], 1) for x in range(5)]
            A = [[A[x][y] ^ D[x] for y in range(5)] for x in range(5)]
            x, y, c = 1, 0, A[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                c, A[x][y] = A[x][y], rol(c, (t + 1) * (t + 2) // 2)
            for y in range(5):
                T = [A[x][y] for x in range(5)]
                for x in range(5):
                    A[x][y] = T[x] ^ (~T[(x + 1) % 5] & T[(x + 2) % 5])
            for j in range(7):
                R = (R << 1 ^ (R >> 7) * 0x71) % 256
                if R & 2:
                    A[0][0] ^= 1 << ((1 << j) - 1)
    return b''.join(A[i % 5][i // 5].to_bytes(8, 'little') for i in range(4))
";
