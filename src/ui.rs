//! What a person sees beside the result: errors, progress, log lines, all on standard error. And the one place that
//! writes results.

use crate::context::Context;
use crate::error::CommandError;
use crate::output::escape;
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
use std::path::PathBuf;

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the person asked of the program's manners.
#[derive(Debug, Clone)]
pub(crate) struct UiOptions {
    pub(crate) color: Color,
    /// Say nothing but the result.
    pub(crate) quiet: bool,
    /// How much to log: nothing, what is done, details, everything.
    pub(crate) verbose: u8,
    /// How log lines are written.
    pub(crate) log_format: LogFormat,
    /// The file for the result; standard output without one.
    pub(crate) output: Option<PathBuf>,
}

/// How to speak with the person who started the run.
#[derive(Debug)]
pub(crate) struct Ui {
    pub(crate) stdout_color: bool,
    pub(crate) stderr_color: bool,
    progress: bool,
    quiet: bool,
    pub(crate) width: usize,
    /// Whether the result goes to a terminal, and not to a file or another program.
    pub(crate) result_on_terminal: bool,
    output: Option<PathBuf>,
}

impl Ui {
    /// Sets up colour, progress and log lines. Call it once.
    #[must_use]
    pub(crate) fn new(context: &Context, options: &UiOptions) -> Self {
        let color = |terminal: bool| match options.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if context.no_color => false,
            Color::Auto if context.force_color => true,
            Color::Auto => terminal && !context.dumb_terminal,
        };
        let ui = Self {
            stdout_color: color(context.stdout_is_terminal && options.output.is_none()),
            stderr_color: color(context.stderr_is_terminal),
            progress: context.stderr_is_terminal && !options.quiet,
            quiet: options.quiet,
            width: context.width,
            result_on_terminal: context.stdout_is_terminal && options.output.is_none(),
            output: options.output.clone(),
        };
        ui.start_logging(options);
        ui
    }

    fn start_logging(&self, options: &UiOptions) {
        use tracing_subscriber::filter::LevelFilter;
        let level = match options.verbose {
            0 => return,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        };
        let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr);
        // A second subscriber in one process, as in tests, is no reason to fail.
        let _ = match options.log_format {
            LogFormat::Text => builder.with_ansi(self.stderr_color).try_init(),
            LogFormat::Json => builder.json().try_init(),
        };
    }

    fn paint(&self, color: AnsiColor, text: &str) -> String {
        let style = if self.stderr_color { Style::new().bold().fg_color(Some(color.into())) } else { Style::new() };
        format!("{style}{text}{style:#}")
    }

    /// Shows why a command failed.
    pub(crate) fn error(&self, error: &CommandError) {
        let mut text = format!("{}: {}\n", self.paint(AnsiColor::Red, "error"), escape::terminal(&error.message));
        for cause in &error.causes {
            text.push_str(&format!("  because: {}\n", escape::terminal(cause)));
        }
        for hint in &error.hints {
            text.push_str(&format!("  {}: {}\n", self.paint(AnsiColor::Cyan, "hint"), escape::terminal(hint)));
        }
        for line in &error.excerpt {
            text.push_str(&format!("  | {}\n", escape::terminal(line)));
        }
        self.to_stderr(&text);
    }

    /// Says something that is not part of the result. Nothing under `--quiet`.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(&format!("{}\n", escape::terminal(text)));
        }
    }

    /// Shows a rendering, which is escaped already, beside the result. Nothing with `--quiet`.
    pub(crate) fn beside(&self, rendering: &str) {
        if !self.quiet {
            self.to_stderr(rendering);
        }
    }

    /// Whether somebody watches: standard error is a terminal, and `--quiet` was not asked for.
    #[must_use]
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress
    }

    /// Says lines under a title that GitHub Actions folds. Nothing under `--quiet`.
    pub(crate) fn group(&self, title: &str, lines: &[String]) {
        if !self.quiet {
            let lines: String = lines.iter().map(|line| format!("{}\n", escape::terminal(line))).collect();
            self.to_stderr(&format!("::group::{}\n{lines}::endgroup::\n", escape::github_data(title)));
        }
    }

    fn to_stderr(&self, text: &str) {
        // Nobody is left to tell when standard error is closed.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A progress bar of `total` steps; hidden unless standard error is a terminal.
    #[must_use]
    pub(crate) fn progress(&self, total: u64, what: &str) -> ProgressBar {
        let target = if self.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar
    }

    /// Writes the result: to the file of `--output`, as a whole or not at all, or to standard output. A reader that closed
    /// the pipe has what it wanted: that is no error.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn result(&self, text: &str) -> Result<(), CommandError> {
        match &self.output {
            None => match io::stdout().lock().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(CommandError::unfinished("cannot write to standard output").because(&error))
                }
                _ => Ok(()),
            },
            Some(path) => crate::files::write_whole(path, text.as_bytes())
                .map_err(|error| CommandError::unfinished(format!("cannot write {}", path.display())).because(&error)),
        }
    }
}
