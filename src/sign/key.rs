//! Keys: ECDSA on P-256 with SHA-256, the one kind that cosign makes.
//!
//! `ring` signs, verifies and makes them. It keeps a private key in memory that it does not wipe; everything that is read or
//! written around it is wiped.

mod encrypted;
mod pem;

use crate::ids::hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The maximum size of a key's file, in bytes: real ones have less than 1 kB.
pub(crate) const MAX_KEY_BYTES: u64 = 64 * 1024;
/// What stands before the point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480).
const SPKI_P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// Bytes of an uncompressed point.
const POINT: usize = 65;

/// Why something is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block.
    #[error("it is not a PEM file")]
    Pem,
    /// A PEM block of another kind.
    #[error("it holds `{0}`, not {1}")]
    Kind(String, &'static str),
    /// A key of another algorithm.
    #[error("it is not an ECDSA key on P-256, the only kind that is supported")]
    Algorithm,
    /// PKCS#8 without the public key.
    #[error("its PKCS#8 does not contain the public key")]
    NoPublicKey,
    /// A key that contradicts itself.
    #[error("the key is damaged: {0}")]
    Damaged(String),
    /// An encrypted key of an unknown form, or one that would take forever to open.
    #[error("the encrypted key cannot be read: {0}")]
    Encrypted(String),
    /// The password is wrong, or the file is damaged: the cipher cannot tell which.
    #[error("the password is wrong, or the key file is damaged")]
    Password,
    /// No password could be had.
    #[error("{0}")]
    NoPassword(String),
    /// The system has no randomness.
    #[error("the system gives no random numbers")]
    Random,
}

#[derive(Debug)]
pub struct PrivateKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    public: PublicKey,
}

/// A new key, as files.
#[derive(Debug)]
pub(crate) struct NewKey {
    /// The private key as cosign keeps it, PEM, encrypted.
    pub(crate) private_pem: Zeroizing<String>,
    /// The public key, PEM.
    pub(crate) public_pem: String,
}

impl PrivateKey {
    /// Makes a key, encrypted with `password`.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn generate(password: &[u8]) -> Result<NewKey, KeyError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
        let pkcs8 = Zeroizing::new(pkcs8.map_err(|_| KeyError::Random)?.as_ref().to_vec());
        let key = Self::from_pkcs8(&pkcs8)?;
        let sealed = encrypted::seal(&pkcs8, password)?;
        Ok(NewKey { private_pem: pem::write(encrypted::LABEL, sealed.as_bytes()), public_pem: key.public.to_pem() })
    }

    /// Reads a private key: cosign's encrypted form, for which `password` is called, or PKCS#8.
    ///
    /// # Errors
    /// When it is not one, or the password is wrong.
    pub fn parse(
        text: &[u8],
        password: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, KeyError>,
    ) -> Result<Self, KeyError> {
        let (label, der) = pem::read(text)?;
        match label.as_str() {
            encrypted::LABEL | encrypted::OLD_LABEL => Self::from_pkcs8(&encrypted::open(&der, password)?),
            "PRIVATE KEY" => Self::from_pkcs8(&der),
            _ => Err(KeyError::Kind(label, "a private key as cosign keeps it, or PKCS#8 (`PRIVATE KEY`)")),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &random);
        let pair = pair.map_err(|rejected| match rejected.to_string().as_str() {
            "PublicKeyIsMissing" => KeyError::NoPublicKey,
            "WrongAlgorithm" => KeyError::Algorithm,
            // What ring says of a curve that is not the one it was asked for, and of a key without its public part.
            "InvalidEncoding" if !der.windows(8).any(|bytes| Some(bytes) == SPKI_P256.get(15..23)) => {
                KeyError::Algorithm
            }
            "InvalidEncoding" if der.len() < 100 => KeyError::NoPublicKey,
            other => KeyError::Damaged(other.to_owned()),
        })?;
        let public = PublicKey::from_point(pair.public_key().as_ref())?;
        Ok(Self { pair, random, public })
    }

    /// The signature of `message`, DER.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| KeyError::Random)?;
        Ok(signature.as_ref().to_vec())
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    point: [u8; POINT],
}

impl PublicKey {
    fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let point: [u8; POINT] = point.try_into().map_err(|_| KeyError::Algorithm)?;
        if point.first() == Some(&4) { Ok(Self { point }) } else { Err(KeyError::Algorithm) }
    }

    /// Reads a public key, PEM.
    ///
    /// # Errors
    /// When it is not one.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let (label, der) = pem::read(text)?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::Kind(label, "a public key (`PUBLIC KEY`)"));
        }
        Self::from_point(der.strip_prefix(&SPKI_P256[..]).ok_or(KeyError::Algorithm)?)
    }

    /// Whether `signature` (DER) of `message` is by this key.
    #[must_use]
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point).verify(message, signature).is_ok()
    }

    /// The key as SubjectPublicKeyInfo, DER.
    #[must_use]
    pub(crate) fn to_der(&self) -> Vec<u8> {
        [&SPKI_P256[..], &self.point[..]].concat()
    }

    #[must_use]
    pub(crate) fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.to_der()).to_string()
    }

    /// How Sigstore bundles name the key: base64 of the SHA-256 of its DER.
    #[must_use]
    pub(crate) fn hint(&self) -> String {
        STANDARD.encode(Sha256::digest(self.to_der()))
    }

    /// How transparency logs name themselves: the same in hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&Sha256::digest(self.to_der()))
    }
}

#[cfg(test)]
mod tests;
