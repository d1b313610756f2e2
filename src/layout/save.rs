//! From the engine: the archive of `docker save`, taken apart. Engines write it in two forms, with the layers as folders of their
//! own or as an OCI layout; both have a `manifest.json` that names the files.

use super::{Layout, LayoutError};
use crate::engine::image::Image;
use crate::engine::{Engine, EngineError};
use crate::ids::{Digest, ImageReference, hex};
use crate::oci::{Descriptor, IMAGE_MANIFEST, ImageManifest, media_types};
use futures_util::StreamExt as _;
use ring::digest::{Context, SHA256};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use tar::{Archive, EntryType};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// The maximum size of `manifest.json`, in bytes, and of the number of files.
const MAX_INDEX_BYTES: usize = 4 << 20;
const MAX_FILES: usize = 10_000;

/// What `manifest.json` says of an image.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    layers: Option<Vec<String>>,
}

/// An image that the engine has.
#[derive(Debug)]
pub(crate) struct InEngine {
    engine: Engine,
    image: Image,
}

impl InEngine {
    /// Asks the engine at `docker_host` for an image; none when it does not have it.
    ///
    /// # Errors
    /// When no engine answers.
    pub(crate) async fn find(docker_host: Option<&str>, name: &str) -> Result<Option<Self>, EngineError> {
        let engine = Engine::connect(docker_host).await?;
        let image = engine.inspect_image(name).await?;
        Ok(image.map(|image| Self { engine, image }))
    }

    /// The digests of its configuration, and of its manifests in image registries.
    pub(crate) fn known(&self) -> BTreeSet<String> {
        let digests = self.image.digests.iter().filter_map(|name| ImageReference::parse(name).ok()?.digest);
        std::iter::once(self.image.id.clone()).chain(digests).collect()
    }

    /// Has the engine write it, and makes a layout of it in `folder`, which is made.
    ///
    /// # Errors
    /// When the engine would not, it is larger than `limit`, or its archive cannot be read.
    pub(crate) async fn save(&self, limit: u64, folder: &Path) -> Result<Layout, LayoutError> {
        // By its id: the name may be another image's by now.
        save(&self.engine, &self.image.id, limit, folder).await
    }
}

async fn save(engine: &Engine, image: &str, limit: u64, folder: &Path) -> Result<Layout, LayoutError> {
    fs::create_dir_all(folder.join("blobs").join("sha256"))?;
    let path = folder.join("saved.tar");
    let mut file = File::create_new(&path)?;
    let mut stream = std::pin::pin!(engine.save_image(image));
    let mut total = 0_u64;
    while let Some(bytes) = stream.next().await {
        let bytes = bytes?;
        total = total.saturating_add(bytes.len() as u64);
        if total > limit {
            return Err(LayoutError::TooLarge(limit));
        }
        file.write_all(&bytes)?;
    }
    drop(file);
    let folder = folder.to_owned();
    let taken = tokio::task::spawn_blocking(move || {
        let layout = take_apart(&path, &folder);
        fs::remove_file(path)?;
        layout
    });
    taken.await.map_err(io::Error::other)?
}

/// A file of the archive, kept under its digest.
#[derive(Debug, Clone)]
struct Kept {
    digest: Digest,
    size: u64,
}

fn take_apart(archive: &Path, folder: &Path) -> Result<Layout, LayoutError> {
    let wrong = |what: &str| LayoutError::Form(format!("an archive of the engine {what}"));
    let mut files: HashMap<String, Kept> = HashMap::new();
    let mut links: HashMap<String, String> = HashMap::new();
    let mut index = Vec::new();
    let mut archive = Archive::new(io::BufReader::new(File::open(archive)?));
    for (number, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        if number >= MAX_FILES {
            return Err(wrong("with too many files"));
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous if path == "manifest.json" => {
                entry.by_ref().take(MAX_INDEX_BYTES as u64).read_to_end(&mut index)?;
            }
            EntryType::Regular | EntryType::Continuous => drop(files.insert(path, keep(&mut entry, folder)?)),
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                links.insert(path, String::from_utf8_lossy(&target).into_owned());
            }
            _ => {}
        }
    }
    let saved: Vec<Saved> = serde_json::from_slice(&index).map_err(|_| wrong("without a manifest.json"))?;
    let [saved] = saved.as_slice() else { return Err(wrong("that does not have one image")) };
    let find = |name: &str| {
        let resolved = links.get(name).map(|target| beside(name, target));
        let found = files.get(name).or_else(|| files.get(resolved.as_deref()?));
        found.cloned().ok_or_else(|| wrong(&format!("without the file `{name}`")))
    };
    let descriptor =
        |media_type: &str, Kept { digest, size }: Kept| Descriptor { digest, size, ..Descriptor::of(media_type, &[]) };
    let layers = saved.layers.iter().flatten().map(|name| Ok(descriptor(LAYER, find(name)?)));
    let image = ImageManifest {
        schema_version: 2,
        media_type: Some(IMAGE_MANIFEST.to_owned()),
        artifact_type: None,
        config: descriptor(media_types::CONFIG, find(&saved.config)?),
        layers: layers.collect::<Result<_, LayoutError>>()?,
        subject: None,
        annotations: BTreeMap::new(),
        other: serde_json::Map::new(),
    };
    let bytes = serde_json::to_vec(&image).map_err(io::Error::other)?;
    let manifest = Descriptor::of(IMAGE_MANIFEST, &bytes);
    // What else the engine keeps beside an image is not the image.
    let named: Vec<&Digest> = image.layers.iter().chain([&image.config]).map(|blob| &blob.digest).collect();
    for kept in files.values().filter(|kept| !named.contains(&&kept.digest)) {
        match fs::remove_file(Layout::blob(folder, &kept.digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    fs::write(Layout::blob(folder, &manifest.digest), bytes)?;
    Layout::finish(folder, &manifest, &image)
}

/// Keeps a file under its digest.
fn keep(content: &mut impl Read, folder: &Path) -> Result<Kept, LayoutError> {
    let path = folder.join("blobs").join("incoming");
    let mut file = File::create(&path)?;
    let mut hash = Context::new(&SHA256);
    let (mut size, mut buffer) = (0_u64, vec![0; 64 << 10]);
    loop {
        let read = content.read(&mut buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        file.write_all(bytes)?;
        size += bytes.len() as u64;
    }
    let digest = Digest::parse(&format!("sha256:{}", hex(hash.finish().as_ref())));
    let digest = digest.map_err(io::Error::other)?;
    fs::rename(path, Layout::blob(folder, &digest))?;
    Ok(Kept { digest, size })
}

/// `b/layer.tar` for the link `../b/layer.tar` at `a/layer.tar`.
fn beside(link: &str, target: &str) -> String {
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{beside, take_apart};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn links_lead_from_where_they_are() {
        assert_eq!(beside("a/layer.tar", "../b/layer.tar"), "b/layer.tar");
        assert_eq!(beside("layer.tar", "../../../b"), "b");
        assert_eq!(beside("a/b/c", "./d"), "a/b/d");
    }

    /// An archive of files; what begins with `->` is a link.
    fn archive(path: &Path, files: &[(&str, &str)]) {
        let mut archive = tar::Builder::new(std::fs::File::create(path).unwrap());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(0);
            match content.strip_prefix("->") {
                Some(target) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    archive.append_link(&mut header, name, target).unwrap();
                }
                None => {
                    header.set_size(content.len() as u64);
                    archive.append_data(&mut header, name, content.as_bytes()).unwrap();
                }
            }
        }
        archive.finish().unwrap();
    }

    /// The layout of an archive: its digests, and the names of its blobs.
    fn taken(files: &[(&str, &str)]) -> Result<(String, BTreeSet<String>), String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        let saved = folder.path().join("saved.tar");
        archive(&saved, files);
        let layout = take_apart(&saved, folder.path()).map_err(|error| error.to_string())?;
        let blobs = std::fs::read_dir(folder.path().join("blobs/sha256")).unwrap().flatten();
        let blobs = blobs.map(|blob| blob.file_name().into_string().unwrap()).collect();
        assert!(folder.path().join("index.json").exists() && folder.path().join("oci-layout").exists());
        Ok((format!("{} {} {}", layout.manifest, layout.config, layout.layers.len()), blobs))
    }

    #[test]
    fn both_forms_of_the_engines_archives_make_one_layout() {
        let older = taken(&[
            ("a/layer.tar", "lower"),
            ("a/VERSION", "1.0"),
            ("b/layer.tar", "upper"),
            ("c/layer.tar", "->../a/layer.tar"),
            ("config.json", "{}"),
            (
                "manifest.json",
                r#"[{"Config": "config.json", "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]}]"#,
            ),
            ("repositories", "{}"),
        ]);
        let newer = taken(&[
            ("blobs/sha256/1", "lower"),
            ("blobs/sha256/2", "upper"),
            ("blobs/sha256/3", "{}"),
            ("blobs/sha256/4", "a manifest of the engine's own"),
            ("index.json", "{\"manifests\": []}"),
            (
                "manifest.json",
                r#"[{"Config": "blobs/sha256/3", "Layers": ["blobs/sha256/1", "blobs/sha256/2", "blobs/sha256/1"]}]"#,
            ),
            ("oci-layout", "{}"),
        ]);
        assert_eq!(older, newer);
        // Two layers of which one is named twice, a configuration, a manifest.
        assert_eq!(older.unwrap().1.len(), 4);
    }

    #[test]
    fn an_archive_that_is_not_an_image_is_refused() {
        let said = |files: &[(&str, &str)]| taken(files).unwrap_err();
        let texts = [
            said(&[]),
            said(&[("manifest.json", "[]")]),
            said(&[("manifest.json", r#"[{"Config": "../../etc/passwd", "Layers": []}]"#)]),
            said(&[("c", "{}"), ("l", "->l"), ("manifest.json", r#"[{"Config": "c", "Layers": ["l"]}]"#)]),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r"
        it is an archive of the engine without a manifest.json
        it is an archive of the engine that does not have one image
        it is an archive of the engine without the file `../../etc/passwd`
        it is an archive of the engine without the file `l`
        ");
    }
}
