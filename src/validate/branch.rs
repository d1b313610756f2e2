//! What `source.branch` may be, as several rules ask.

use crate::text::cut;

/// Why Git does not take a text for the name of a branch, if it does not.
pub(crate) fn fault(branch: &str) -> Option<String> {
    if branch.starts_with('-') {
        return Some("with `-` it begins like an option".to_owned());
    }
    if let Some(wrong) = branch.chars().find(|c| c.is_ascii_control() || *c == ' ') {
        return Some(if wrong == ' ' { "it has a blank" } else { "it has a control character" }.to_owned());
    }
    if let Some(wrong) = branch.chars().find(|c| matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\')) {
        return Some(format!("names have no `{wrong}`"));
    }
    if let Some(wrong) = ["..", "@{", "//"].into_iter().find(|wrong| branch.contains(wrong)) {
        return Some(format!("names have no `{wrong}`"));
    }
    if branch.starts_with('/') || branch.ends_with('/') {
        return Some("it has a slash at one end".to_owned());
    }
    if branch.ends_with('.') {
        return Some("it ends with a dot".to_owned());
    }
    if let Some(part) = branch.split('/').find(|part| part.starts_with('.') || part.ends_with(".lock")) {
        return Some(format!("no part of a name is like `{}`", cut(part, 80)));
    }
    matches!(branch, "@" | "HEAD").then(|| "Git means another thing by it".to_owned())
}

/// The name without what a refspec, a revision or a careless hand puts before it.
fn plain(branch: &str) -> &str {
    branch.trim_start_matches(|c: char| matches!(c, '+' | '^' | '/') || c.is_whitespace()).trim_end()
}

/// The number of the pull or merge request that a ref stands for, on GitHub, Gitea, GitLab or Bitbucket. Without
/// `refs/` it needs its last part: a branch may be called `pull/7`.
pub(crate) fn pull_request(branch: &str) -> Option<&str> {
    let branch = plain(branch);
    let (is_ref, name) = match branch.strip_prefix("refs/") {
        Some(name) => (true, name),
        None => (false, branch),
    };
    let mut parts = name.split('/');
    let (kind, number, last) = (parts.next()?, parts.next()?, parts.next());
    let is_request = matches!(kind, "pull" | "merge-requests" | "pull-requests");
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let ends_well = match last {
        Some(last) => parts.next().is_none() && matches!(last, "head" | "merge" | "from"),
        None => is_ref,
    };
    (is_request && is_number && ends_well).then_some(number)
}
