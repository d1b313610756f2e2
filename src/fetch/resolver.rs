//! Looks names up and lets no address through that the guard refuses. This is the only place where a check cannot be
//! undone by a second look-up: the addresses that were checked are the addresses that are connected to.

use super::address::Guard;
use super::error::{FetchError, Stop};
use super::named::NamedHost;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How names are looked up. [`Lookup::system`] unless a test wants to know what happens after a name changed its mind.
#[derive(Clone)]
pub struct Lookup(Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>);

impl Lookup {
    /// Looks names up with this function.
    pub fn new(lookup: impl Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// Looks names up as the system does.
    #[must_use]
    pub(crate) fn system() -> Self {
        Self::new(|name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            })
        })
    }
}

impl Default for Lookup {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) guard: Arc<Guard>,
    pub(super) lookup: Lookup,
    pub(super) named: Arc<[NamedHost]>,
}

impl GuardedResolver {
    /// The addresses of `name` that may be connected to. An answer that mixes public and private ones loses the private.
    pub(super) async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, FetchError> {
        let found = (self.lookup.0)(name.to_owned()).await.map_err(|error| failed(name, &error))?;
        if self.named.iter().any(|host| host.has_name(name)) {
            return if found.is_empty() { Err(FetchError::NoSuchHost(name.to_owned())) } else { Ok(found) };
        }
        let mut refused = None;
        let mut allowed = Vec::new();
        for address in found {
            match self.guard.check(address) {
                Ok(()) => allowed.push(address),
                Err(kind) => refused = refused.or(Some((address, kind))),
            }
        }
        match (allowed.is_empty(), refused) {
            (false, _) => Ok(allowed),
            (true, Some((address, kind))) => Err(FetchError::NotPublic { host: name.to_owned(), address, kind }),
            (true, None) => Err(FetchError::NoSuchHost(name.to_owned())),
        }
    }
}

/// The standard library has no error kind for names. getaddrinfo's EAI_AGAIN, which it only keeps as a text, is the one
/// that says to try again; a machine without network gets it too. The text is never translated: nothing here calls setlocale.
fn failed(name: &str, error: &io::Error) -> FetchError {
    let reason = error.to_string();
    if reason.contains("emporary failure") || error.kind() == io::ErrorKind::TimedOut {
        FetchError::Lookup { host: name.to_owned(), reason }
    } else {
        FetchError::NoSuchHost(name.to_owned())
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses(name.as_str()).await.map_err(Stop)?;
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{FetchError, Guard, GuardedResolver, Lookup};
    use std::io;
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn resolver(lookup: impl Fn() -> io::Result<Vec<&'static str>> + Send + Sync + 'static) -> GuardedResolver {
        let lookup = Lookup::new(move |_| {
            let found = lookup().map(|all| all.iter().map(|one| one.parse::<IpAddr>().unwrap()).collect());
            Box::pin(async move { found })
        });
        GuardedResolver { guard: Arc::new(Guard::default()), lookup, named: Arc::new([]) }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_checked_every_time() {
        let asked = AtomicUsize::new(0);
        let resolver = resolver(move || {
            let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
            Ok(if first { vec!["1.1.1.1"] } else { vec!["169.254.169.254"] })
        });
        assert_eq!(resolver.addresses("rebind.example").await, Ok(vec!["1.1.1.1".parse().unwrap()]));
        let refused = resolver.addresses("rebind.example").await.unwrap_err();
        assert_eq!(refused.to_string(), "rebind.example has the link-local address 169.254.169.254");
        assert!(refused.for_good());
    }

    #[tokio::test]
    async fn private_addresses_among_public_ones_are_dropped() {
        let resolver = resolver(|| Ok(vec!["10.0.0.1", "1.1.1.1", "::1"]));
        assert_eq!(resolver.addresses("mixed.example").await, Ok(vec!["1.1.1.1".parse().unwrap()]));
    }

    #[tokio::test]
    async fn no_such_name_is_for_good_and_a_tired_resolver_is_not() {
        let text = |text: &'static str| resolver(move || Err(io::Error::other(text)));
        let gone = text("failed to lookup address information: Name or service not known");
        assert_eq!(gone.addresses("gone.example").await, Err(FetchError::NoSuchHost("gone.example".into())));
        let tired = text("failed to lookup address information: Temporary failure in name resolution");
        assert!(!tired.addresses("a.example").await.unwrap_err().for_good());
        let empty = resolver(|| Ok(Vec::new()));
        assert_eq!(empty.addresses("b.example").await, Err(FetchError::NoSuchHost("b.example".into())));
    }
}
