//! Which certificates are trusted, and the one TLS implementation.

use reqwest::Certificate;

/// Makes ring the process's TLS implementation, unless one is set. To be called before any client is made; calling it again
/// does no harm.
pub fn install_crypto() {
    // The error says that another thread was first, with the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Mozilla's roots, and those of `pem`. The system's own store is not read, so that the program behaves the same in an
/// empty container.
pub(super) fn certificates(pem: Option<&[u8]>) -> Result<Vec<Certificate>, reqwest::Error> {
    let mut all = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(pem) = pem {
        all.extend(Certificate::from_pem_bundle(pem)?);
    }
    Ok(all)
}
