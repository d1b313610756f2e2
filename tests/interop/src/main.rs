//! Verifies a Sigstore bundle with the Sigstore project's own library.
//!
//! `mcp-registry-interop PUBLIC_KEY ARTIFACT BUNDLE`: exit status 0 when the bundle is a signature of the artifact by the key.

use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, DerPublicKey};
use sigstore_verify::{PublicKeyVerificationPolicy, verify};
use std::error::Error;
use std::fs::{read, read_to_string};

/// Nobody is trusted but the key.
const NO_ROOT: &str = r#"{
    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "tlogs": [], "certificateAuthorities": [], "ctlogs": [], "timestampAuthorities": []
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, artifact, bundle] = arguments.as_slice() else {
        return Err("usage: mcp-registry-interop PUBLIC_KEY ARTIFACT BUNDLE".into());
    };
    let key = DerPublicKey::from_pem(&read_to_string(key)?)?;
    let bundle = Bundle::from_json(&read_to_string(bundle)?)?;
    let policy = PublicKeyVerificationPolicy::new(key).skip_tlog_unsafe();
    verify(&read(artifact)?, &bundle, &policy, &TrustedRoot::from_json(NO_ROOT)?)?;
    Ok(())
}
