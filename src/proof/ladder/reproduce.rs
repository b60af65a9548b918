//! Commands that show a step's result with bash, coreutils, openssl and python3, ready to paste.
//!
//! Bytes enter a command only as hex or base64 we wrote ourselves, so no recorded text can become shell.

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
}

/// SubjectPublicKeyInfo of an Ed25519 key, up to the key (RFC 8410 §4).
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Command {
    /// What the command prints when the step holds, beside the computed value.
    pub const fn expects(&self) -> &'static str {
        match self {
            Self::Sha256(_) | Self::Keccak { .. } => "the computed hash",
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
                write!(f, "python3 - <<'END'\n{KECCAK}m = bytes.fromhex('{bytes}')\nprint({call}.hex())\nEND")
            }
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
