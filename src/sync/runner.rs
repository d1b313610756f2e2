//! Does what was decided, one thing after the other, until a limit or a token ends it.

use super::write::{Applied, Made, Write};
use crate::github::GithubError;
use crate::github::registry::Registry;

/// How often one thing may turn out to be other than it was read.
const MAX_ROUNDS: usize = 3;

/// What is to be done about one thing, and what that comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent<D> {
    pub(crate) writes: Vec<Write>,
    /// What can be said once they are done.
    pub(crate) done: D,
}

impl<D> Intent<D> {
    /// Nothing is to be written.
    #[must_use]
    pub(crate) fn none(done: D) -> Self {
        Self { writes: Vec::new(), done }
    }
}

/// What became of one thing.
#[derive(Debug)]
pub(crate) enum Outcome<D> {
    /// It is as it should be, or under a dry run would be; and what was made for that.
    Done(D, Made),
    /// GitHub did not do its part.
    Failed(GithubError),
    /// The token allows too little, and nothing was done with it: there is nothing to tell but this.
    Useless {
        /// 401 or 403.
        status: u16,
        message: String,
    },
}

impl<D> Outcome<D> {
    /// What was done, where everything else is a failure.
    ///
    /// # Errors
    /// When GitHub did not do its part.
    pub(crate) fn done(self) -> Result<D, GithubError> {
        match self {
            Self::Done(done, _) => Ok(done),
            Self::Failed(error) => Err(error),
            Self::Useless { status, message } => Err(GithubError::Denied { status, message }),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Runner<'a> {
    registry: &'a Registry,
    dry_run: bool,
    /// Set once a limit ends too late, or the token is not good any more: those of apps end after an hour.
    stopped: Option<GithubError>,
    wrote: bool,
}

impl<'a> Runner<'a> {
    /// A run that writes, or under a dry run only says what it would write.
    #[must_use]
    pub(crate) fn new(registry: &'a Registry, dry_run: bool) -> Self {
        Self { registry, dry_run, stopped: None, wrote: false }
    }

    /// Settles one thing. `decide` says what is to be done about it; it is asked again when the thing is not as it was read,
    /// and then has to read it again: it is told how often that was so. `idle` is whether nothing is to be written for
    /// certain, so that it is decided also after the run was stopped.
    pub(crate) async fn settle<D>(
        &mut self,
        idle: bool,
        decide: impl AsyncFnMut(usize) -> Result<Intent<D>, GithubError>,
    ) -> Outcome<D> {
        if let (Some(error), false) = (&self.stopped, idle) {
            return Outcome::Failed(error.clone());
        }
        let error = match self.rounds(decide).await {
            Ok((done, made)) => return Outcome::Done(done, made),
            Err(error) => error,
        };
        match error {
            GithubError::Denied { status, message } if !self.wrote => Outcome::Useless { status, message },
            error => {
                if error.is_limit() || matches!(error, GithubError::Denied { .. }) {
                    self.stopped = Some(error.clone());
                }
                Outcome::Failed(error)
            }
        }
    }

    async fn rounds<D>(
        &mut self,
        mut decide: impl AsyncFnMut(usize) -> Result<Intent<D>, GithubError>,
    ) -> Result<(D, Made), GithubError> {
        'rounds: for round in 0..MAX_ROUNDS {
            let Intent { writes, done } = decide(round).await?;
            let mut made = Made::default();
            if !self.dry_run {
                for write in &writes {
                    if write.apply(self.registry, &mut made).await? == Applied::Stale {
                        continue 'rounds;
                    }
                }
                self.wrote |= !writes.is_empty();
            }
            return Ok((done, made));
        }
        Err(GithubError::Unexpected("what is on GitHub changes while it is worked on"))
    }
}
