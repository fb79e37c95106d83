//! An Ed25519 secret in a file: argon2id (RFC 9106, second recommended option) makes a key of the passphrase, and
//! XChaCha20-Poly1305 encrypts the secret with it. What the file says in clear is authenticated too.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use seaway_types::keys::PublicKey;
use seaway_types::signature::public_key;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// Memory of argon2id in KiB, passes, lanes: RFC 9106, section 4, the option for 64 MiB.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// A file longer than this is no key file.
const FILE_BYTES_MAX: u64 = 4_096;

/// For what a key is used. A file of one kind is refused in the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Votes.
    Consensus,
    /// Names the node to its peers.
    Node,
    /// Signs instructions.
    Instruction,
}

/// Why a key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file system failed.
    #[error("key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: std::io::Error,
    },
    /// It is no key file.
    #[error("key file {}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// It holds a key for another use.
    #[error("key file {} holds a {found:?} key; a {expected:?} key is needed here", path.display())]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: KeyKind,
        /// What is needed.
        expected: KeyKind,
    },
    /// Wrong passphrase, or a changed file.
    #[error("key file {} does not open: the passphrase is wrong, or the file was changed", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
}

/// The file's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyFile {
    /// Layout of the file.
    pub version: u32,
    /// For what.
    pub kind: KeyKind,
    /// The public key.
    pub public_key: PublicKey,
    /// argon2id: memory in KiB, passes, lanes.
    pub argon2id: (u32, u32, u32),
    /// Salt, in hexadecimal.
    pub salt: String,
    /// Nonce, in hexadecimal.
    pub nonce: String,
    /// The encrypted secret, in hexadecimal.
    pub secret: String,
}

impl KeyFile {
    /// Encrypts a secret.
    pub fn seal(kind: KeyKind, secret: &[u8; 32], passphrase: &str) -> Result<Self, KeyFileError> {
        let fail = |problem: String| KeyFileError::Malformed { path: PathBuf::new(), problem };
        let (mut salt, mut nonce) = ([0u8; 16], [0u8; 24]);
        getrandom::fill(&mut salt).map_err(|error| fail(error.to_string()))?;
        getrandom::fill(&mut nonce).map_err(|error| fail(error.to_string()))?;
        let mut file = Self {
            version: 1,
            kind,
            public_key: public_key(secret),
            argon2id: (MEMORY_KIB, PASSES, LANES),
            salt: hex::encode(salt),
            nonce: hex::encode(nonce),
            secret: String::new(),
        };
        let cipher = file.cipher(passphrase).map_err(fail)?;
        let payload = Payload { msg: secret, aad: &file.in_clear() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|error| fail(error.to_string()))?;
        file.secret = hex::encode(sealed);
        Ok(file)
    }

    /// Reads a file and decrypts the secret.
    pub fn open(path: &Path, kind: KeyKind, passphrase: &str) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
        let file = Self::read(path)?;
        let malformed =
            |problem: &str| KeyFileError::Malformed { path: path.to_owned(), problem: problem.to_owned() };
        if file.kind != kind {
            return Err(KeyFileError::OtherKind { path: path.to_owned(), found: file.kind, expected: kind });
        }
        let cipher = file.cipher(passphrase).map_err(|problem| malformed(&problem))?;
        let mut nonce = [0u8; 24];
        hex::decode_to_slice(&file.nonce, &mut nonce)
            .map_err(|_| malformed("nonce: expected 24 bytes in hexadecimal"))?;
        let sealed = hex::decode(&file.secret).map_err(|_| malformed("secret: expected hexadecimal"))?;
        let payload = Payload { msg: &sealed, aad: &file.in_clear() };
        let locked = || KeyFileError::Locked { path: path.to_owned() };
        let secret = Zeroizing::new(cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| locked())?);
        let secret: [u8; 32] = secret.as_slice().try_into().map_err(|_| locked())?;
        if public_key(&secret) != file.public_key { Err(locked()) } else { Ok(Zeroizing::new(secret)) }
    }

    /// Reads a file without opening it.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let length = std::fs::metadata(path).map_err(io)?.len();
        let malformed = |problem: String| KeyFileError::Malformed { path: path.to_owned(), problem };
        if length > FILE_BYTES_MAX {
            return Err(malformed(format!("{length} bytes are more than the {FILE_BYTES_MAX} of a key file")));
        }
        let text = std::fs::read_to_string(path).map_err(io)?;
        let file: Self = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        if file.version != 1 {
            return Err(malformed(format!("version {}: this program knows 1", file.version)));
        }
        Ok(file)
    }

    /// Writes a new file, readable by its owner alone. An existing one is never overwritten.
    pub fn write(&self, path: &Path) -> Result<(), KeyFileError> {
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| KeyFileError::Malformed { path: path.to_owned(), problem: error.to_string() })?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.sync_all())
            .map_err(io)
    }

    fn in_clear(&self) -> Vec<u8> {
        seaway_types::codec::encode(&(self.version, self.kind, self.public_key, self.argon2id))
    }

    fn cipher(&self, passphrase: &str) -> Result<XChaCha20Poly1305, String> {
        let (memory, passes, lanes) = self.argon2id;
        if memory > 16 * MEMORY_KIB || passes > 64 || lanes > 64 {
            return Err(format!(
                "argon2id: {memory} KiB, {passes} passes, {lanes} lanes are more than a key file may ask"
            ));
        }
        let salt = hex::decode(&self.salt).map_err(|_| "salt: expected hexadecimal".to_owned())?;
        let params = Params::new(memory, passes, lanes, Some(32)).map_err(|error| error.to_string())?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, key.as_mut_slice())
            .map_err(|error| error.to_string())?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_the_passphrase_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("consensus.key");
        let file = KeyFile::seal(KeyKind::Consensus, &[7; 32], "correct horse").unwrap();
        file.write(&path).unwrap();
        assert!(file.write(&path).is_err(), "an existing file stays");
        assert_eq!(*KeyFile::open(&path, KeyKind::Consensus, "correct horse").unwrap(), [7; 32]);
        assert!(matches!(KeyFile::open(&path, KeyKind::Consensus, "battery"), Err(KeyFileError::Locked { .. })));
        assert!(matches!(KeyFile::open(&path, KeyKind::Node, "correct horse"), Err(KeyFileError::OtherKind { .. })));
        let other = KeyFile { kind: KeyKind::Node, ..file };
        let changed = folder.path().join("changed.key");
        other.write(&changed).unwrap();
        assert!(matches!(KeyFile::open(&changed, KeyKind::Node, "correct horse"), Err(KeyFileError::Locked { .. })));
    }
}
