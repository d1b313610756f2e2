//! Temporary seam.
use super::plan::{Plan, Pull};
use crate::fetch::SetupError;
use crate::validate::gather::{Progress, Reach};
use chrono::{DateTime, Utc};
use std::time::Duration;
/// o
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// o
    pub interval: Duration,
    /// o
    pub longest: Duration,
}
/// o
#[derive(Debug)]
pub struct Registry;
/// o
#[derive(Debug, Clone)]
pub struct PublishRequest {
    /// o
    pub base: Option<String>,
    /// o
    pub max_new_prs: Option<usize>,
    /// o
    pub dry_run: bool,
    /// o
    pub dashboard: bool,
    /// o
    pub now: DateTime<Utc>,
    /// o
    pub progress: Option<Progress>,
}
/// o
#[derive(Debug)]
pub struct Published {
    /// o
    pub plan: Plan,
    /// o
    pub gone: Vec<(String, Pull)>,
    /// o
    pub left: Vec<String>,
    /// o
    pub dashboard: Option<Pull>,
}
/// o
#[derive(Debug, thiserror::Error)]
#[error("not yet")]
pub struct PublishError;
/// # Errors
/// n
pub fn connect(_reach: Reach, _owner: &str, _name: &str, _pace: Pace) -> Result<Registry, SetupError> {
    Ok(Registry)
}
/// # Errors
/// n
pub async fn publish(_r: &Registry, _p: &Plan, _q: &PublishRequest) -> Result<Published, PublishError> {
    Err(PublishError)
}
