//! Why a command could not do its work, for people: what happened, the causes, and what to try.

use std::fmt;

/// What kind of failure it is; decides the heading and the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line, or a file that configures the run, asks for something that cannot be: exit status 2.
    Usage,
    /// The work could not be finished: a file or service did not do its part. Exit status 3.
    Unfinished,
}

/// The exit statuses of every command.
pub mod exit {
    /// Nothing at or above `--fail-on`.
    pub const CLEAN: u8 = 0;
    /// Findings at or above `--fail-on`.
    pub const FINDINGS: u8 = 1;
    /// The command line or the policy is wrong.
    pub const USAGE: u8 = 2;
    /// The work could not be finished.
    pub const UNFINISHED: u8 = 3;
}

/// A failure of a command. Texts may hold anything an input held; they are escaped where they are shown.
#[derive(Debug)]
pub struct CommandError {
    /// The kind.
    pub kind: ErrorKind,
    /// What happened, in one line.
    pub message: String,
    /// Why, from the nearest cause on.
    pub causes: Vec<String>,
    /// What to try.
    pub hints: Vec<String>,
    /// The last lines of what something else wrote before it failed.
    pub excerpt: Vec<String>,
}

impl CommandError {
    /// The command line or the policy is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
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

    /// Adds something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit status.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
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
