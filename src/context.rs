//! What the process was started with. The only reader of environment variables and of the clock: everything else is
//! told, so that a test can set all of it and the same input gives the same output.

#![expect(clippy::disallowed_methods, reason = "this is the place that they are for")]

use chrono::{DateTime, NaiveDate, Utc};
use secrecy::SecretString;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The surroundings of one run.
#[derive(Debug)]
pub struct Context {
    /// The time that the run counts as its own. `SOURCE_DATE_EPOCH` (seconds since 1970) sets it.
    pub(crate) now: DateTime<Utc>,
    /// Whether standard output is a terminal.
    pub(crate) stdout_is_terminal: bool,
    /// Whether standard error is a terminal: progress is shown only there.
    pub(crate) stderr_is_terminal: bool,
    /// `NO_COLOR` is set and not empty: no colour, whatever the terminal can.
    pub(crate) no_color: bool,
    /// `CLICOLOR_FORCE` is set and neither empty nor `0`: colour, terminal or not.
    pub(crate) force_color: bool,
    /// `TERM=dumb`: a terminal without colour.
    pub(crate) dumb_terminal: bool,
    /// Columns of the terminal; `COLUMNS` sets it. 100 when nobody knows.
    pub(crate) width: usize,
    /// `GITHUB_TOKEN`, for GitHub's API.
    pub(crate) github_token: Option<SecretString>,
    /// `GITHUB_API_URL`; <https://api.github.com> without it.
    pub(crate) github_api_url: String,
    /// `GITHUB_REPOSITORY`, `owner/name`: the registry that a workflow runs for.
    pub(crate) github_repository: Option<String>,
    /// `ANTHROPIC_BASE_URL`: where calls for Anthropic's models go, if not to Anthropic.
    pub(crate) anthropic_base_url: Option<String>,
    /// `OPENAI_BASE_URL`: where calls for OpenAI's models go, if not to OpenAI.
    pub(crate) openai_base_url: Option<String>,
    /// `SSL_CERT_FILE`: certificates to trust beside the built-in roots.
    pub(crate) ssl_cert_file: Option<PathBuf>,
    /// `ANTHROPIC_API_KEY`, for the proxy alone; in the sandbox, the client token of the run.
    pub(crate) anthropic_api_key: Option<SecretString>,
    /// `OPENAI_API_KEY`, the same for the other provider.
    pub(crate) openai_api_key: Option<SecretString>,
    /// `DOCKER_HOST`: where the container engine listens.
    pub(crate) docker_host: Option<String>,
    /// Where temporary files go: `TMPDIR`, or what the system says.
    pub(crate) temp_dir: PathBuf,
    /// The file that this program is: the sandbox's image is made of it.
    pub(crate) executable: Option<PathBuf>,
    /// The absolute folders of `PATH`: where a generator or scanner is looked for.
    pub(crate) search_path: Vec<PathBuf>,
    /// `COSIGN_PASSWORD`: the password of a private key. Empty is a password, too.
    pub(crate) cosign_password: Option<SecretString>,
    /// `COSIGN_REPOSITORY`: the repository for the tags `.sig` and `.att`, if it is not the image's own.
    pub(crate) cosign_repository: Option<String>,
    /// Docker's `config.json`, with the logins of image registries: in `DOCKER_CONFIG`, or in `.docker` of the home.
    pub(crate) docker_config: Option<PathBuf>,
    /// `GITHUB_EVENT_PATH`: the event that a workflow runs for.
    pub(crate) github_event: Option<PathBuf>,
    /// `GITHUB_STEP_SUMMARY`: what a workflow's run shows of this step.
    pub(crate) github_step_summary: Option<PathBuf>,
    /// The workflow that this run is part of, as a URI: of `GITHUB_WORKFLOW_REF`.
    pub(crate) github_workflow: Option<String>,
    /// The address of this run of the workflow: of `GITHUB_RUN_ID` and `GITHUB_RUN_ATTEMPT`.
    pub(crate) github_run: Option<String>,
    /// `MCP_REVIEW_SOCKET`: in the sandbox, the proxy's Unix socket.
    pub(crate) review_socket: Option<PathBuf>,
    /// `MCP_REVIEW_TASK`: in the sandbox, where an agent's task is.
    pub(crate) review_task: Option<PathBuf>,
}

/// Output wider than this is hard to read; narrower than the least cannot hold a snippet.
const WIDTH_RANGE: std::ops::RangeInclusive<usize> = 40..=240;
const DEFAULT_WIDTH: usize = 100;

impl Context {
    /// Reads the environment and the clock, once.
    #[must_use]
    pub fn from_process() -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |name: &str| var(name).and_then(|value: OsString| value.into_string().ok());
        let epoch = text("SOURCE_DATE_EPOCH").and_then(|text| text.parse::<i64>().ok());
        let server = text("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
        let width = text("COLUMNS").and_then(|text| text.parse::<usize>().ok()).unwrap_or(DEFAULT_WIDTH);
        Self {
            now: epoch.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_else(Utc::now),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            no_color: var("NO_COLOR").is_some(),
            force_color: text("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb_terminal: text("TERM").is_some_and(|term| term == "dumb"),
            width: width.clamp(*WIDTH_RANGE.start(), *WIDTH_RANGE.end()),
            github_token: text("GITHUB_TOKEN").map(Into::into),
            github_api_url: text("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
            github_repository: text("GITHUB_REPOSITORY"),
            anthropic_base_url: text("ANTHROPIC_BASE_URL"),
            openai_base_url: text("OPENAI_BASE_URL"),
            ssl_cert_file: var("SSL_CERT_FILE").map(Into::into),
            anthropic_api_key: text("ANTHROPIC_API_KEY").map(Into::into),
            openai_api_key: text("OPENAI_API_KEY").map(Into::into),
            docker_host: text("DOCKER_HOST"),
            temp_dir: std::env::temp_dir(),
            executable: std::env::current_exe().ok(),
            search_path: std::env::split_paths(&var("PATH").unwrap_or_default())
                .filter(|folder| folder.is_absolute())
                .collect(),
            cosign_password: std::env::var("COSIGN_PASSWORD").ok().map(Into::into),
            cosign_repository: text("COSIGN_REPOSITORY"),
            docker_config: var("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(var("HOME")?).join(".docker")))
                .map(|folder| folder.join("config.json")),
            github_event: var("GITHUB_EVENT_PATH").map(PathBuf::from),
            github_step_summary: var("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            github_workflow: text("GITHUB_WORKFLOW_REF").map(|workflow| format!("{server}/{workflow}")),
            github_run: github_run(&server, &text),
            review_socket: var("MCP_REVIEW_SOCKET").map(Into::into),
            review_task: var("MCP_REVIEW_TASK").map(Into::into),
        }
    }

    /// The day of the run, in UTC.
    #[must_use]
    pub(crate) fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }
}

/// The address that GitHub shows a run of a workflow at.
fn github_run(server: &str, text: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (repository, run) = (text("GITHUB_REPOSITORY")?, text("GITHUB_RUN_ID")?);
    let attempt = text("GITHUB_RUN_ATTEMPT").unwrap_or_else(|| "1".to_owned());
    Some(format!("{server}/{repository}/actions/runs/{run}/attempts/{attempt}"))
}
