//! Where `curl`, `wget` and `aria2c` put what they get, by their arguments.

use super::is_cluster;

/// The paths at which a downloading command puts what it gets; none when that goes to its output.
pub(in super::super) fn targets(program: &str, arguments: &[String]) -> Vec<String> {
    let curl = program == "curl";
    let (mut target, mut address, mut by_address, mut next_is) = (None, None, !curl, false);
    let mut folder = "";
    for (at, word) in arguments.iter().enumerate() {
        if next_is {
            target = Some(word.as_str());
            next_is = false;
        } else if let Some(name) =
            ["--output=", "--output-document=", "--out="].iter().find_map(|o| word.strip_prefix(o))
        {
            target = Some(name);
        } else if matches!(word.as_str(), "--output" | "--output-document" | "--out") {
            next_is = true;
        } else if matches!(word.as_str(), "-P" | "--directory-prefix" | "--output-dir" | "--dir") {
            folder = arguments.get(at + 1).map(String::as_str).unwrap_or_default();
        } else if matches!(word.as_str(), "--remote-name" | "--remote-name-all") {
            by_address = true;
        } else if is_cluster(word) {
            // Letters of several options may stand together, and their value may follow at once: `-sSLo x`, `-qOx`.
            let (wanted, valued) = if curl { ('o', "dFTHAbceEKmrtuUwxXyYzCDPQ") } else { ('O', "oaeiBtTwQPUlARDIX") };
            let wanted = if program == "aria2c" { 'o' } else { wanted };
            for (at, letter) in word.char_indices().skip(1) {
                if letter == wanted {
                    let rest = word.get(at + 1..).unwrap_or_default();
                    (target, next_is) = (Some(rest).filter(|rest| !rest.is_empty()).or(target), rest.is_empty());
                    break;
                }
                by_address |= curl && letter == 'O';
                if valued.contains(letter) {
                    break;
                }
            }
        } else if word.contains("://") {
            address = Some(word.as_str());
        }
    }
    let last = address.and_then(|address| address.split(['?', '#']).next()?.rsplit('/').next());
    let name = target.or(last.filter(|_| by_address)).unwrap_or_default();
    let mut found = vec![name.to_owned()];
    if !folder.is_empty() && !name.is_empty() {
        found.push(format!("{}/{name}", folder.trim_end_matches('/')));
    }
    found
}
