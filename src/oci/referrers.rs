//! What refers to a manifest: the referrers API of OCI 1.1, and the tag that stands in for it where a registry has none.

use super::challenge::Access;
use super::manifest::media_types;
use super::read::found;
use super::registries::detail;
use super::{Descriptor, ImageIndex, Loose, MAX_MANIFEST_BYTES, OciError, Repository};
use crate::fetch::Request;
use crate::ids::Digest;
use http::header::{self, HeaderValue};
use url::Url;

/// The maximum number of pages that are read, and of descriptors in all. Real images have a dozen.
const MAX_PAGES: usize = 20;
const MAX_REFERRERS: usize = 2000;

/// What refers to a manifest, as a registry lists it. Nothing of it is proven: each descriptor's manifest says what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Referrers {
    /// The descriptors, in the registry's order.
    pub(crate) descriptors: Vec<Descriptor>,
    /// Whether the registry has the API; otherwise they are from the fallback tag.
    pub(crate) api: bool,
    /// What of the list cannot be read, a sentence each.
    pub(crate) bad: Vec<String>,
}

impl Repository {
    /// What refers to `digest`.
    ///
    /// # Errors
    /// When the registry does not say, or without end.
    pub(crate) async fn referrers(&self, digest: &Digest) -> Result<Referrers, OciError> {
        if let Some((descriptors, bad)) = self.listed(digest).await? {
            return Ok(Referrers { descriptors, api: true, bad });
        }
        let (index, bad) = self.fallback(digest).await?;
        Ok(Referrers { descriptors: index.manifests, api: false, bad })
    }

    /// What the API lists, and what of that cannot be read; none where there is no API.
    async fn listed(&self, digest: &Digest) -> Result<Option<(Vec<Descriptor>, Vec<String>)>, OciError> {
        if self.remembered().no_referrers.contains(&self.place.api) {
            return Ok(None);
        }
        let (mut descriptors, mut bad) = (Vec::new(), Vec::new());
        let mut next = Some(self.url(&format!("referrers/{digest}"))?);
        for _ in 0..MAX_PAGES {
            let Some(url) = next else { return Ok(Some((descriptors, bad))) };
            let request = Request::get(url, MAX_MANIFEST_BYTES)
                .header(header::ACCEPT, HeaderValue::from_static(media_types::INDEX));
            let answer = self.send(request, Access::Pull).await?;
            match answer.status.as_u16() {
                200 => {}
                // Some registries without it know no such path, others no such method. It may need a push's rights, too.
                400 | 404 | 405 | 406 | 501 if descriptors.is_empty() => {
                    // What a registry says of one repository is not about the others.
                    if !detail(&answer.body).starts_with("NAME_") {
                        self.remembered().no_referrers.insert(self.place.api.clone());
                    }
                    return Ok(None);
                }
                _ => return Err(self.refusal(&answer)),
            }
            let page = found(&answer);
            // Without the type it may be a web page for all unknown paths.
            if page.media_type != media_types::INDEX {
                return Ok(None);
            }
            let page = page.list().map_err(|what| self.form(what))?;
            descriptors.extend(page.whole.manifests);
            bad.extend(page.bad.into_iter().map(|what| format!("the list of referrers of {}: {what}", self.host())));
            if descriptors.len() > MAX_REFERRERS {
                return Err(self.form(format!("more than {MAX_REFERRERS} referrers")));
            }
            let link = answer.headers.get(header::LINK).and_then(|link| link.to_str().ok());
            next = link.and_then(|link| next_page(&answer.url, link));
        }
        Err(self.form(format!("more than {MAX_PAGES} pages of referrers")))
    }

    /// The index behind the fallback tag, and what of it cannot be read; an empty one when there is none.
    async fn fallback(&self, digest: &Digest) -> Result<(ImageIndex, Vec<String>), OciError> {
        let tag = fallback_tag(digest);
        let empty = |problem: String| (ImageIndex::default(), vec![format!("the tag `{tag}` {problem}")]);
        let found = match self.by_tag(&tag).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok((ImageIndex::default(), Vec::new())),
            Err(error @ OciError::Form { .. }) => return Ok(empty(format!("cannot be read: {error}"))),
            Err(error) => return Err(error),
        };
        if !found.is_index() {
            let what = format!("leads to `{}`, where readers expect the list of referrers", found.media_type);
            return Ok(empty(what));
        }
        let Loose { whole, bad, .. } = match found.list() {
            Ok(list) => list,
            Err(what) => return Ok(empty(format!("leads to {what}"))),
        };
        let mut bad: Vec<String> =
            bad.into_iter().map(|what| format!("the list of referrers `{tag}`: {what}")).collect();
        let said = whole.media_type.as_deref().unwrap_or(media_types::INDEX);
        if let Some(other) = [said, &found.media_type].into_iter().find(|kind| *kind != media_types::INDEX) {
            bad.push(format!("the tag `{tag}` leads to `{other}`, where readers expect `{}`", media_types::INDEX));
        }
        if whole.manifests.len() > MAX_REFERRERS {
            return Err(self.form(format!("more than {MAX_REFERRERS} referrers")));
        }
        Ok((whole, bad))
    }

    /// Changes the index behind the fallback tag; does not write what is there already. With `overwrite`, what cannot be read of it
    /// is left out.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(crate) async fn change_fallback(
        &self,
        digest: &Digest,
        overwrite: bool,
        change: impl FnOnce(&mut Vec<Descriptor>),
    ) -> Result<(), OciError> {
        let (before, bad) = self.fallback(digest).await?;
        if let Some(what) = bad.first().filter(|_| !overwrite) {
            return Err(self.form(format!("what nobody can read: {what}; `--replace` overwrites it")));
        }
        let mut after = before.clone();
        change(&mut after.manifests);
        if after == before && bad.is_empty() {
            return Ok(());
        }
        after.schema_version = 2;
        after.media_type = Some(media_types::INDEX.to_owned());
        let bytes = serde_json::to_vec(&after).map_err(|error| self.form(error.to_string()))?;
        self.push_manifest(Some(&fallback_tag(digest)), media_types::INDEX, bytes.into()).await?;
        Ok(())
    }
}

/// The tag of the fallback: the digest with a hyphen.
fn fallback_tag(digest: &Digest) -> String {
    digest.as_str().replacen(':', "-", 1)
}

/// The address of `rel="next"` in a `Link` header (RFC 8288), on the same host.
fn next_page(url: &Url, link: &str) -> Option<Url> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.split(';').any(|parameter| {
        let parameter = parameter.trim().to_ascii_lowercase();
        parameter == "rel=next" || parameter == "rel=\"next\""
    });
    let target = url.join(target).ok()?;
    (is_next && target.origin() == url.origin()).then_some(target)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::next_page;
    use url::Url;

    #[test]
    fn the_next_page_is_on_the_same_host() {
        let url = Url::parse("https://registry.example/v2/a/referrers/x").unwrap();
        let next = |link: &str| next_page(&url, link).map(|url| url.to_string());
        assert_eq!(next("</v2/a?n=2>; rel=\"next\""), Some("https://registry.example/v2/a?n=2".into()));
        assert_eq!(next("<https://evil.example/v2/a>; rel=\"next\""), None);
        assert_eq!(next("</v2/a>; rel=\"prev\""), None);
        assert_eq!(next("nonsense"), None);
    }
}
