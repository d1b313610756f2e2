//! DSSE envelopes: <https://github.com/secure-systems-lab/dsse>, version 1.0.

use super::key::{KeyError, PrivateKey, PublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

/// The payload type of in-toto statements.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The maximum number of signatures of one envelope that are tried.
const MAX_SIGNATURES: usize = 16;

/// A payload with its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    pub(crate) payload_type: String,
    /// Base64.
    pub(crate) payload: String,
    pub(crate) signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signature {
    /// A hint, which proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keyid: Option<String>,
    /// Base64 of DER.
    pub(crate) sig: String,
}

/// What is signed: the pre-authentication encoding.
#[must_use]
pub(crate) fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

impl Envelope {
    /// Signs a payload.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn sign(key: &PrivateKey, payload: &[u8]) -> Result<Self, KeyError> {
        let signature = key.sign(&pae(IN_TOTO, payload))?;
        Ok(Self {
            payload_type: IN_TOTO.to_owned(),
            payload: STANDARD.encode(payload),
            signatures: vec![Signature { keyid: None, sig: STANDARD.encode(signature) }],
        })
    }

    /// The payload's bytes, if they are base64 of either alphabet.
    #[must_use]
    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        decode(&self.payload)
    }

    /// The signature by this key, DER, if one verifies.
    #[must_use]
    pub(crate) fn signature_by(&self, key: &PublicKey) -> Option<Vec<u8>> {
        let signed = pae(&self.payload_type, &self.payload()?);
        let signatures = self.signatures.iter().take(MAX_SIGNATURES).filter_map(|signature| decode(&signature.sig));
        signatures.into_iter().find(|signature| key.verifies(&signed, signature))
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::pae;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        // The example of the specification's protocol.md.
        let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), expected);
    }
}
