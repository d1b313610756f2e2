//! Which certificates are trusted, and the one TLS implementation.

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Makes ring the process's TLS implementation, unless one is set. To be called before any client is made; calling it again
/// does no harm.
pub fn install_crypto() {
    // The error says that another thread was first, with the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Mozilla's roots, and those of `pem`; none when no certificate in that can be used. One that cannot beside others that can
/// is left out, as elsewhere: bundles of a system hold old ones. The system's own store is not read, so that the program
/// behaves the same in an empty container.
pub(super) fn certificates(pem: Option<&[u8]>) -> Option<Vec<Certificate>> {
    let mut all = webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec();
    if let Some(pem) = pem {
        let found = CertificateDer::pem_slice_iter(pem).flatten();
        let usable: Vec<_> = found.filter(|der| RootCertStore::empty().add(der.clone()).is_ok()).collect();
        if usable.is_empty() {
            return None;
        }
        all.extend(usable);
    }
    all.iter().map(|der| Certificate::from_der(der).ok()).collect()
}
