//! How much is asked at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds how much is asked at the same time, in all and of one host.
#[derive(Debug)]
pub(crate) struct Permits {
    all: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Held while something is asked.
#[derive(Debug)]
pub(crate) struct Permit {
    _host: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Permits {
    /// So many at a time, in all and of one host; at least one.
    #[must_use]
    pub(crate) fn new(all: usize, per_host: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all.max(1))), per_host: per_host.max(1), hosts: Mutex::default() }
    }

    /// Waits for the host first: a slow one must not hold the permits of all. Semaphores here are never closed, so the
    /// options are always full.
    pub(crate) async fn enter(&self, host: &str) -> Permit {
        let of_host = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host))).clone()
        };
        let host = of_host.acquire_owned().await.ok();
        Permit { _host: host, _all: self.all.clone().acquire_owned().await.ok() }
    }
}
