//! How far the policy trusts what an entry makes its users run, and why.

use super::{Publisher, Settings, Trust};
use crate::entry::{EntryType, Manifest};
use crate::ids::ImageReference;
use url::Url;

/// Hosts that do not distinguish upper and lower case in the names of owners and repositories.
const ANY_CASE: [&str; 4] = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"];

/// How far an entry is trusted. Nothing that an entry says of itself counts: only what runs, and whose the policy says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) level: Trust,
    /// The publisher, by its name in the policy.
    pub(crate) publisher: Option<String>,
    /// Why, one clause for each thing that runs: what it is, and whose.
    pub(crate) because: Vec<String>,
}

impl Trust {
    /// All of them, from the least to the greatest.
    pub(crate) const ALL: [Self; 3] = [Self::Community, Self::Verified, Self::Official];

    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Community => "community",
            Self::Verified => "verified",
            Self::Official => "official",
        }
    }
}

/// The standing of an entry: that of what its users run. Of a local server that the registry builds this is the source, of
/// any other one its image, of a remote server its address, of a `poci` the image of each tool, of which the least counts.
#[must_use]
pub(crate) fn standing(manifest: &Manifest, settings: &Settings) -> Standing {
    let found = match manifest.kind {
        EntryType::Remote => vec![remote(manifest, settings)],
        EntryType::Poci => {
            let images = manifest.tools.iter().map(|tool| image(tool.image.as_deref(), settings));
            images.collect()
        }
        EntryType::Server | EntryType::Unknown => {
            let is_foreign = |name: &&str| {
                ImageReference::parse(name).is_ok_and(|image| !image.is_under(&settings.registry.namespace))
            };
            vec![match manifest.image.as_deref().filter(is_foreign) {
                Some(name) => image(Some(name), settings),
                None => source(manifest, settings),
            }]
        }
    };
    let level = found.iter().map(|(publisher, _)| publisher.map_or(Trust::Community, |it| it.trust)).min();
    let mut names: Vec<Option<&str>> = found.iter().map(|(it, _)| it.map(|it| it.name.as_str())).collect();
    names.dedup();
    let publisher = match names.as_slice() {
        [Some(only)] => Some((*only).to_owned()),
        _ => None,
    };
    let mut because: Vec<String> = found.into_iter().map(|(_, because)| because).collect();
    because.dedup();
    Standing { level: level.unwrap_or_default(), publisher, because }
}

type Whose<'s> = (Option<&'s Publisher>, String);

fn source<'s>(manifest: &Manifest, settings: &'s Settings) -> Whose<'s> {
    let Some(project) = manifest.source.project.as_deref() else {
        return (None, "it names no source, so that nobody knows what its image is built from".to_owned());
    };
    let publisher = nearest(settings, |publisher| &publisher.sources, |prefix| is_below(project, prefix));
    let what = format!("the registry builds its image from {project}");
    (publisher, said(&what, publisher, "sources"))
}

fn image<'s>(name: Option<&str>, settings: &'s Settings) -> Whose<'s> {
    let Some(name) = name else { return (None, "a tool names no image".to_owned()) };
    let publisher = match ImageReference::parse(name) {
        Ok(image) => nearest(settings, |publisher| &publisher.images, |prefix| image.is_under(prefix)),
        Err(_) => None,
    };
    (publisher, said(&format!("it runs the image {name}"), publisher, "images"))
}

fn remote<'s>(manifest: &Manifest, settings: &'s Settings) -> Whose<'s> {
    let Some(url) = manifest.remote.url.as_deref() else { return (None, "it names no address".to_owned()) };
    let publisher = nearest(settings, |publisher| &publisher.remotes, |prefix| is_below(url, prefix));
    (publisher, said(&format!("it is a service at {url}"), publisher, "remotes"))
}

fn said(what: &str, publisher: Option<&Publisher>, key: &str) -> String {
    match publisher {
        Some(publisher) => {
            format!("{what}, which `{}` publishes, who the policy says is {}", publisher.name, publisher.trust.as_str())
        }
        None => format!("{what}, which no publisher of the policy has among its `{key}`"),
    }
}

/// The publisher with the longest prefix that fits. Of two with the same prefix, the one that is trusted less.
fn nearest<'s>(
    settings: &'s Settings,
    prefixes: impl Fn(&'s Publisher) -> &'s [String],
    fits: impl Fn(&str) -> bool,
) -> Option<&'s Publisher> {
    let all =
        settings.publishers.iter().flat_map(|publisher| prefixes(publisher).iter().map(move |it| (it, publisher)));
    let fitting = all.filter(|(prefix, _)| fits(prefix));
    fitting
        .min_by_key(|(prefix, publisher)| (std::cmp::Reverse(prefix.trim_end_matches('/').len()), publisher.trust))
        .map(|(_, publisher)| publisher)
}

/// Whether a URL is that of `prefix` or below it, on the border of a part: `https://github.com/acme/` does not have
/// `https://github.com/acme-evil/x`. Both must be https, and what is before the path must be the same.
fn is_below(url: &str, prefix: &str) -> bool {
    let (Ok(url), Ok(prefix)) = (Url::parse(url), Url::parse(prefix)) else { return false };
    if [&url, &prefix].iter().any(|url| url.scheme() != "https" || !url.username().is_empty()) {
        return false;
    }
    if url.host_str() != prefix.host_str() || url.port_or_known_default() != prefix.port_or_known_default() {
        return false;
    }
    let any_case = url.host_str().is_some_and(|host| ANY_CASE.contains(&host));
    let parts = |url: &Url| -> Vec<String> {
        let path = url.path().trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.map(|part| if any_case { part.to_ascii_lowercase() } else { part.to_owned() }).collect()
    };
    parts(&url).starts_with(&parts(&prefix))
}

#[cfg(test)]
mod tests {
    use super::{is_below, standing};
    use crate::entry::Entry;
    use crate::policy::Policy;

    const POLICY: &str = "[[publishers]]\nname = 'Acme'\ntrust = 'verified'\nimages = ['ghcr.io/acme/']\n\
        sources = ['https://github.com/acme/']\nremotes = ['https://mcp.acme.io/']\n\
        [[publishers]]\nname = 'Acme Labs'\nsources = ['https://github.com/acme/labs']\n\
        [[publishers]]\nname = 'Maker'\ntrust = 'official'\nimages = ['maker/']\n";

    #[test]
    fn an_entry_stands_as_what_it_runs_does() {
        let policy = Policy::parse(POLICY).unwrap();
        let said: Vec<String> = [
            "type: server\nimage: mcp/x\nsource: {project: https://github.com/Acme/x}\n",
            "type: server\nimage: mcp/x\nsource: {project: https://github.com/acme/labs}\n",
            "type: server\nimage: mcp/x\nsource: {project: https://github.com/acme-evil/x}\n",
            // The source is theirs, and what runs is not built from it.
            "type: server\nimage: evil/x\nsource: {project: https://github.com/acme/x}\n",
            "type: server\nimage: ghcr.io/acme/x\n",
            "type: remote\nremote: {url: https://mcp.acme.io/sse}\n",
            "type: remote\nremote: {url: http://mcp.acme.io/sse}\n",
            "type: poci\ntools: [{name: a, container: {image: maker/a}}, {name: b, container: {image: ghcr.io/acme/b}}]\n",
            "type: poci\ntools: [{name: a, container: {image: maker/a}}, {name: b, container: {image: maker/b}}]\n",
            "type: poci\n",
        ]
        .iter()
        .map(|text| {
            let entry = Entry::from_texts("x", Some(text), None, None);
            let it = standing(&entry.manifest, &policy.settings);
            format!("{} {}: {}", it.level.as_str(), it.publisher.as_deref().unwrap_or("-"), it.because.join("; "))
        })
        .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        verified Acme: the registry builds its image from https://github.com/Acme/x, which `Acme` publishes, who the policy says is verified
        community Acme Labs: the registry builds its image from https://github.com/acme/labs, which `Acme Labs` publishes, who the policy says is community
        community -: the registry builds its image from https://github.com/acme-evil/x, which no publisher of the policy has among its `sources`
        community -: it runs the image evil/x, which no publisher of the policy has among its `images`
        verified Acme: it runs the image ghcr.io/acme/x, which `Acme` publishes, who the policy says is verified
        verified Acme: it is a service at https://mcp.acme.io/sse, which `Acme` publishes, who the policy says is verified
        community -: it is a service at http://mcp.acme.io/sse, which no publisher of the policy has among its `remotes`
        verified -: it runs the image maker/a, which `Maker` publishes, who the policy says is official; it runs the image ghcr.io/acme/b, which `Acme` publishes, who the policy says is verified
        official Maker: it runs the image maker/a, which `Maker` publishes, who the policy says is official; it runs the image maker/b, which `Maker` publishes, who the policy says is official
        community -:
        ");
    }

    #[test]
    fn prefixes_end_where_parts_do() {
        let below = |url: &str| is_below(url, "https://git.acme.io/team");
        assert!(below("https://git.acme.io/team/x.git") && below("https://git.acme.io/team"));
        for url in [
            "https://git.acme.io/teams/x",
            "https://git.acme.io/Team/x",
            "https://git.acme.io.evil.io/team/x",
            "https://git.acme.io@evil.io/team/x",
            "https://git.acme.io:8443/team/x",
            "https://git.acme.io/other/../x",
            "git.acme.io/team/x",
        ] {
            assert!(!below(url), "{url}");
        }
    }
}
