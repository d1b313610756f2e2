//! The provider as a container: this test binary in an image that holds nothing else.
//!
//! The binary is linked statically (`the_binary_names_no_dynamic_linker` holds that for the program, and both are built with
//! the same flags), so it needs no file but itself. It is stripped first where `strip` is there: most of it is debug info.
//!
//! ```ignore
//! let image = container::image("my-label=1");                       // removed when dropped
//! docker run --label … --network NET --read-only --user 65534:65534 --cap-drop=ALL \
//!     --env MCP_REGISTRY_TEST_PROVIDER='{"listen":{"Tcp":"0.0.0.0:8080"},"script":{…}}' IMAGE
//! // …and its log has `PROVIDER ready`, then a line `PROVIDER {…}` (a `Seen`) for each request: `container::seen(log)`.
//! ```

use super::{ENTRY, Listen, Script, Seen, Setup, VARIABLE};
use std::process::{Command, Stdio};

/// The port that [`setup`] listens on.
pub(crate) const PORT: u16 = 8080;

/// An image that is removed when the test ends, however it ends.
#[derive(Debug)]
pub(crate) struct Image(pub(crate) String);

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", "--force", &self.0]).stdin(Stdio::null()).output();
    }
}

/// The variable that the container needs: its name and its value.
pub(crate) fn setup(script: Script) -> (&'static str, String) {
    let setup = Setup { listen: Listen::Tcp(format!("0.0.0.0:{PORT}")), script };
    (VARIABLE, serde_json::to_string(&setup).unwrap())
}

/// The command in the image.
pub(crate) fn command() -> Vec<String> {
    ["/provider", ENTRY, "--exact", "--test-threads=1"].map(str::to_owned).to_vec()
}

/// A tar archive that holds the binary as `provider`: a layer, or what `docker import` takes.
pub(crate) fn layer() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stripped) = (std::env::current_exe().unwrap(), folder.path().join("provider"));
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(&whole).stdin(Stdio::null()).output();
    let binary = if strip.is_ok_and(|output| output.status.success()) { stripped } else { whole };
    let bytes = std::fs::read(binary).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o755);
    header.set_mtime(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "provider", bytes.as_slice()).unwrap();
    archive.into_inner().unwrap()
}

/// Makes the image.
pub(crate) fn image(label: &str) -> Image {
    let entry = format!("ENTRYPOINT {}", serde_json::to_string(&command()).unwrap());
    let mut import = Command::new("docker")
        .args(["import", "--change", &format!("LABEL {label}"), "--change", &entry, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut import.stdin.take().unwrap(), &layer()).unwrap();
    let output = import.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Image(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// The requests in a container's log.
pub(crate) fn seen(log: &str) -> Vec<Seen> {
    let lines = log.lines().filter_map(|line| line.strip_prefix("PROVIDER {"));
    lines.map(|line| serde_json::from_str(&format!("{{{line}")).unwrap()).collect()
}
