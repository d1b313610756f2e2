//! Why a command could not do its work, for people: what happened, the causes, and what to try.

use std::fmt;

/// What kind of failure it is; decides the heading and the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The command line, or a file that configures the run, asks for something that cannot be: exit status 2.
    Usage,
    /// The work could not be finished: a file or service did not do its part. Exit status 3.
    Unfinished,
}

/// The exit statuses of every command.
pub(crate) mod exit {
    /// Nothing at or above `--fail-on`.
    pub(crate) const CLEAN: u8 = 0;
    /// Findings at or above `--fail-on`.
    pub(crate) const FINDINGS: u8 = 1;
    /// The command line or the policy is wrong.
    pub(crate) const USAGE: u8 = 2;
    /// The work could not be finished.
    pub(crate) const UNFINISHED: u8 = 3;
}

/// A failure of a command. Texts may hold anything an input held; they are escaped where they are shown.
#[derive(Debug)]
pub struct CommandError {
    pub(crate) kind: ErrorKind,
    /// What happened, in one line.
    pub(crate) message: String,
    /// Why, from the nearest cause on.
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<String>,
    /// The last lines of what something else wrote before it failed.
    pub(crate) excerpt: Vec<String>,
}

impl CommandError {
    /// The command line or the policy is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Usage,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            excerpt: Vec::new(),
        }
    }

    /// The work could not be finished.
    pub fn unfinished(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Unfinished,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            excerpt: Vec::new(),
        }
    }

    /// Adds an error and everything under it as causes.
    #[must_use]
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn exit_status(&self) -> u8 {
        match self.kind {
            ErrorKind::Usage => exit::USAGE,
            ErrorKind::Unfinished => exit::UNFINISHED,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, "\n  because: {cause}")?;
        }
        for hint in &self.hints {
            write!(f, "\n  hint: {hint}")?;
        }
        for line in &self.excerpt {
            write!(f, "\n  | {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CommandError {}
