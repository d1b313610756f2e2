//! Logins of image registries, where `docker login` keeps them: Docker's configuration, and the credential helpers that it names.

use super::OciError;
use docker_credential::{CredentialRetrievalError as Problem, DockerCredential};
use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// The maximum size of Docker's configuration, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;
/// How long a credential helper may take: some of them ask a cloud.
const HELPER_TIMEOUT: Duration = Duration::from_secs(60);
/// The key under which everybody keeps the login of Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// What a registry is shown.
#[derive(Clone)]
pub(crate) enum Login {
    IdentityToken(Zeroizing<String>),
    Password { user: String, password: Zeroizing<String> },
}

/// The logins of a run. Each registry is looked up once, and only when it asks.
#[derive(Default)]
pub(super) struct Logins {
    config: Option<PathBuf>,
    known: Mutex<HashMap<String, Option<Login>>>,
}

impl Logins {
    /// Logins of this `config.json`; none without one.
    pub(super) fn new(config: Option<PathBuf>) -> Self {
        Self { config, known: Mutex::default() }
    }

    /// The login for a registry as references name it.
    ///
    /// # Errors
    /// When there is a configuration, and it or its helper cannot be used.
    pub(super) async fn get(&self, host: &str) -> Result<Option<Login>, OciError> {
        // Held while a helper runs, so that it asks a person once and not a hundred times.
        let mut known = self.known.lock().await;
        if let Some(login) = known.get(host) {
            return Ok(login.clone());
        }
        let login = match &self.config {
            None => None,
            Some(config) => {
                let (path, server) = (config.clone(), host.to_owned());
                let found = tokio::task::spawn_blocking(move || read(&path, &server));
                let failed = |reason: &str| OciError::Login { host: host.to_owned(), reason: reason.to_owned() };
                let found = tokio::time::timeout(HELPER_TIMEOUT, found).await;
                let found = found.map_err(|_| failed("the credential helper does not answer"))?;
                found.map_err(|_| failed("the credential helper failed"))?.map_err(|reason| failed(&reason))?
            }
        };
        known.insert(host.to_owned(), login.clone());
        Ok(login)
    }
}

fn read(path: &Path, host: &str) -> Result<Option<Login>, String> {
    let shown = path.display();
    let size = match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => return Err(format!("{shown} is not a regular file")),
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {shown}: {error}")),
    };
    if size > MAX_CONFIG_BYTES {
        return Err(format!("{shown} is larger than {MAX_CONFIG_BYTES} bytes"));
    }
    let text = Zeroizing::new(std::fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?);
    let servers: &[&str] = if host == "docker.io" { &[DOCKER_HUB, "docker.io"] } else { &[host] };
    for server in servers {
        match docker_credential::get_credential_from_reader(Cursor::new(&text[..]), server) {
            Ok(DockerCredential::IdentityToken(token)) => return Ok(Some(Login::IdentityToken(token.into()))),
            // What Docker writes for a helper's registry: an entry without credentials.
            Ok(DockerCredential::UsernamePassword(user, _)) if user.is_empty() => {}
            Ok(DockerCredential::UsernamePassword(user, password)) => {
                return Ok(Some(Login::Password { user, password: password.into() }));
            }
            Err(Problem::NoCredentialConfigured | Problem::ConfigNotFound) => {}
            // The protocol of helpers has no other way to say it. Nothing of their output is shown: it may hold secrets.
            Err(Problem::HelperFailure { stdout, stderr, .. })
                if [&stdout, &stderr].iter().any(|text| text.contains("credentials not found")) => {}
            Err(Problem::HelperFailure { helper, .. }) => return Err(format!("`{helper}` failed")),
            Err(Problem::HelperCommunicationError) => {
                return Err(format!("the credential helper that {shown} names cannot be run"));
            }
            Err(problem) => return Err(format!("{shown}: {problem}")),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Login, Logins};

    async fn login(config: &str, host: &str) -> Result<Option<(String, String)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        let found = Logins::new(Some(path)).get(host).await.map_err(|error| error.to_string())?;
        Ok(found.map(|login| match login {
            Login::IdentityToken(token) => (String::new(), token.to_string()),
            Login::Password { user, password } => (user, password.to_string()),
        }))
    }

    #[tokio::test]
    async fn logins_are_found_as_docker_keeps_them() {
        // `me:secret`
        let config = r#"{"auths": {"registry.example:5000": {"auth": "bWU6c2VjcmV0"},
            "https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0"}, "cloud.example": {"identitytoken": "t"}}}"#;
        let me = Ok(Some(("me".to_owned(), "secret".to_owned())));
        assert_eq!(login(config, "registry.example:5000").await, me);
        assert_eq!(login(config, "docker.io").await, me);
        assert_eq!(login(config, "cloud.example").await, Ok(Some((String::new(), "t".to_owned()))));
        assert_eq!(login(config, "registry.example").await, Ok(None));
        assert_eq!(login("{}", "registry.example").await, Ok(None));
        assert!(Logins::new(None).get("registry.example").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_broken_configuration_is_an_error_and_not_no_login() {
        assert!(login("{", "registry.example").await.unwrap_err().starts_with("no login for registry.example: "));
        let missing = r#"{"credsStore": "that-nobody-has"}"#;
        assert!(login(missing, "registry.example").await.unwrap_err().ends_with("names cannot be run"));
    }
}
