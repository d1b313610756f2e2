//! A private key as cosign keeps it: PKCS#8 under NaCl's secretbox (XSalsa20 and Poly1305), whose key scrypt makes of a password.

use super::KeyError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit as _;
use ring::rand::{SecureRandom as _, SystemRandom};
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit as _, StreamCipher as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What such a PEM block is called.
pub(super) const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// What cosign called it before version 2.
pub(super) const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";
/// What cosign uses: 64 MiB of memory and some tenths of a second.
const SCRYPT: Scrypt = Scrypt { n: 65_536, r: 8, p: 1 };
/// The maximum memory that opening a key may take, in bytes: the file says how much it wants.
const MAX_MEMORY: u64 = 256 << 20;
/// The maximum of `p`, which multiplies the time.
const MAX_P: u32 = 4;
/// Bytes of Poly1305's tag, which secretbox puts first.
const TAG: usize = 16;

#[derive(Serialize, Deserialize)]
struct File {
    kdf: Kdf,
    cipher: Cipher,
    /// Base64: the tag, then the bytes.
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Scrypt,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
struct Scrypt {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

impl Scrypt {
    fn params(self) -> Result<scrypt::Params, KeyError> {
        let too_much = || KeyError::Encrypted(format!("scrypt with N={}, r={}, p={}", self.n, self.r, self.p));
        let memory = u64::from(self.r).checked_mul(128).and_then(|block| block.checked_mul(self.n));
        let fits = memory.is_some_and(|memory| memory <= MAX_MEMORY) && self.p <= MAX_P;
        if !fits || !self.n.is_power_of_two() || self.n < 2 {
            return Err(too_much());
        }
        let log_n = u8::try_from(self.n.trailing_zeros()).map_err(|_| too_much())?;
        scrypt::Params::new(log_n, self.r, self.p).map_err(|_| too_much())
    }

    fn key(self, password: &[u8], salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        scrypt::scrypt(password, salt, &self.params()?, &mut key[..])
            .map_err(|_| KeyError::Encrypted("scrypt failed".to_owned()))?;
        Ok(key)
    }
}

/// Encrypts a key. The JSON of the file.
pub(super) fn seal(pkcs8: &[u8], password: &[u8]) -> Result<String, KeyError> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    let random = SystemRandom::new();
    random.fill(&mut salt).and_then(|()| random.fill(&mut nonce)).map_err(|_| KeyError::Random)?;
    let key = SCRYPT.key(password, &salt)?;
    let mut bytes = Zeroizing::new(pkcs8.to_vec());
    let mut cipher = XSalsa20::new((&*key).into(), (&nonce).into());
    let mut tag_key = Zeroizing::new([0; 32]);
    cipher.apply_keystream(&mut tag_key[..]);
    cipher.apply_keystream(&mut bytes);
    let tag = Poly1305::new((&*tag_key).into()).compute_unpadded(&bytes);
    let file = File {
        kdf: Kdf { name: "scrypt".into(), params: SCRYPT, salt: STANDARD.encode(salt) },
        cipher: Cipher { name: "nacl/secretbox".into(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode([tag.as_slice(), &bytes].concat()),
    };
    serde_json::to_string(&file).map_err(|error| KeyError::Encrypted(error.to_string()))
}

/// Decrypts a key: PKCS#8. Asks for the password once it is known that the file is one.
pub(super) fn open(
    json: &[u8],
    password: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, KeyError>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let wrong = |what: &str| KeyError::Encrypted(what.to_owned());
    let file: File = serde_json::from_slice(json).map_err(|error| wrong(&error.to_string()))?;
    if file.kdf.name != "scrypt" || file.cipher.name != "nacl/secretbox" {
        return Err(wrong(&format!("it uses `{}` and `{}`", file.kdf.name, file.cipher.name)));
    }
    file.kdf.params.params()?;
    let decode = |text: &str, what: &str| STANDARD.decode(text).map_err(|_| wrong(what));
    let salt = decode(&file.kdf.salt, "its salt is not base64")?;
    let nonce = decode(&file.cipher.nonce, "its nonce is not base64")?;
    let nonce: [u8; 24] = nonce.try_into().map_err(|_| wrong("its nonce does not have 24 bytes"))?;
    let sealed = decode(&file.ciphertext, "its ciphertext is not base64")?;
    let (tag, bytes) = sealed.split_at_checked(TAG).ok_or_else(|| wrong("its ciphertext is too short"))?;
    let key = file.kdf.params.key(&password()?, &salt)?;
    let mut cipher = XSalsa20::new((&*key).into(), (&nonce).into());
    let mut tag_key = Zeroizing::new([0; 32]);
    cipher.apply_keystream(&mut tag_key[..]);
    let computed = Poly1305::new((&*tag_key).into()).compute_unpadded(bytes);
    // In constant time, as a habit: nobody can ask this twice with another file and measure.
    let differs = computed.as_slice().iter().zip(tag).fold(0, |all, (a, b)| all | (a ^ b));
    if differs != 0 {
        return Err(KeyError::Password);
    }
    let mut bytes = Zeroizing::new(bytes.to_vec());
    cipher.apply_keystream(&mut bytes);
    Ok(bytes)
}
