#![allow(clippy::unwrap_used, clippy::panic)]
use super::{KeyError, PrivateKey, PublicKey};
use zeroize::Zeroizing;

const COSIGN_2: (&str, &str) =
    (include_str!("../../../fixtures/cosign-2.key"), include_str!("../../../fixtures/cosign-2.pub"));
const COSIGN_3: (&str, &str) =
    (include_str!("../../../fixtures/cosign-3.key"), include_str!("../../../fixtures/cosign-3.pub"));
/// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`
const OPENSSL: &str = include_str!("../../../fixtures/openssl.key");

fn open(text: &str, password: &str) -> Result<PrivateKey, KeyError> {
    PrivateKey::parse(text.as_bytes(), || Ok(Zeroizing::new(password.as_bytes().to_vec())))
}

fn never() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    panic!("nobody needs a password for this")
}

#[test]
fn keys_that_both_cosigns_made_are_opened() {
    for (private, public) in [COSIGN_2, COSIGN_3] {
        let key = open(private, "pw").unwrap();
        assert_eq!(key.public().to_pem(), public);
        assert_eq!(*key.public(), PublicKey::parse(public.as_bytes()).unwrap());
        let signature = key.sign(b"message").unwrap();
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"massage", &signature));
    }
    assert_eq!(open(COSIGN_2.0, "wrong").unwrap_err(), KeyError::Password);
}

#[test]
fn a_key_of_openssl_is_read_without_a_password() {
    let key = PrivateKey::parse(OPENSSL.as_bytes(), never).unwrap();
    assert!(key.public().verifies(b"x", &key.sign(b"x").unwrap()));
}

#[test]
fn a_new_key_opens_with_its_password_alone() {
    let new = PrivateKey::generate(b"pass").unwrap();
    assert!(new.private_pem.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    assert_eq!(open(&new.private_pem, "pass").unwrap().public().to_pem(), new.public_pem);
    assert_eq!(open(&new.private_pem, "").unwrap_err(), KeyError::Password);
}

#[test]
fn a_key_file_cannot_ask_for_all_memory() {
    for params in
        ["\"N\":1073741824,\"r\":8,\"p\":1", "\"N\":65536,\"r\":4294967295,\"p\":1", "\"N\":2,\"r\":1,\"p\":5"]
    {
        let json = format!(
            r#"{{"kdf":{{"name":"scrypt","params":{{{params}}},"salt":""}},"cipher":{{"name":"nacl/secretbox","nonce":""}},"ciphertext":""}}"#
        );
        let pem = super::pem::write(super::encrypted::LABEL, json.as_bytes());
        let error = PrivateKey::parse(pem.as_bytes(), never).unwrap_err();
        assert!(error.to_string().starts_with("the encrypted key cannot be read: scrypt with N="), "{error}");
    }
}

#[test]
fn what_is_not_a_key_is_refused_with_its_reason() {
    let private = |text: &str| PrivateKey::parse(text.as_bytes(), never).unwrap_err();
    assert_eq!(private(""), KeyError::Pem);
    assert_eq!(private("-----BEGIN PRIVATE KEY-----\nAAAA"), KeyError::Pem);
    assert!(matches!(private(COSIGN_2.1), KeyError::Kind(label, _) if label == "PUBLIC KEY"));
    let public = |text: &str| PublicKey::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(public(COSIGN_2.0), KeyError::Kind(..)));
    // Ed25519 of OpenSSL.
    let ed25519 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    assert_eq!(public(ed25519), KeyError::Algorithm);
}

#[test]
fn a_key_without_its_public_part_and_one_of_another_curve_are_told_apart() {
    let without = "-----BEGIN PRIVATE KEY-----\nMEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAiWH07/RklDqzxcVW6\nqFP7Eb6hba9k8aVOXqDBSamcZQ==\n-----END PRIVATE KEY-----\n";
    assert_eq!(PrivateKey::parse(without.as_bytes(), never).unwrap_err(), KeyError::NoPublicKey);
    let other = "-----BEGIN PRIVATE KEY-----\nMIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDD9Jia/F5Z1BPZJJCs4\nXIjLEEnIuaPaqSilW3M1Ak1HV+Zlx3CRWB2ud1wmJoVdw+KhZANiAAQuR0hiwNIm\nitq1GGYipMZbYp118XT4C2jHlg916CVxNk+v5y2qmpMeIrhGgjjwJvvPYMa6JbBR\n4VhJBsfLBis8vfJANYKZd6LNNEQyBNtHmlPsMF9dCL9gQI0IEmx6zFE=\n-----END PRIVATE KEY-----\n";
    assert_eq!(PrivateKey::parse(other.as_bytes(), never).unwrap_err(), KeyError::Algorithm);
}
