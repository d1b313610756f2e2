//! What all questions of one run share: answers that were given, and the time that is left.

use super::super::facts::Fact;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Answers by question: each is asked once, and whoever asks meanwhile waits for it.
#[derive(Debug)]
pub(super) struct Memo<V>(Mutex<HashMap<String, Arc<OnceCell<V>>>>);

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Memo<V> {
    pub(super) async fn get(&self, key: &str, ask: impl Future<Output = V>) -> V {
        let cell = {
            let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            map.entry(key.to_owned()).or_default().clone()
        };
        // When whoever asks is cancelled, the next in line asks.
        cell.get_or_init(|| ask).await.clone()
    }
}

/// The fact, unless the time is up before it is known.
pub(super) async fn within<T>(deadline: Instant, ask: impl Future<Output = Fact<T>>) -> Fact<T> {
    tokio::time::timeout_at(deadline, ask).await.unwrap_or_else(|_| late())
}

/// What was asked for, or else the fact that its absence is: `missing` when there is none.
pub(super) async fn found<V, E: ToString, T>(
    deadline: Instant,
    missing: T,
    ask: impl Future<Output = Result<Option<V>, E>>,
) -> Result<V, Fact<T>> {
    match tokio::time::timeout_at(deadline, ask).await {
        Ok(Ok(Some(found))) => Ok(found),
        Ok(Ok(None)) => Err(Fact::Known(missing)),
        Ok(Err(error)) => Err(unavailable(&error)),
        Err(_) => Err(late()),
    }
}

pub(super) fn unavailable<T>(error: &impl ToString) -> Fact<T> {
    Fact::Unavailable(error.to_string())
}

/// What is left when the time is up.
pub(super) fn late<T>() -> Fact<T> {
    Fact::Unavailable("the time for all questions was up".into())
}
