//! The root file system of an image: its layers over each other, the highest first, so that every file is written once.
//!
//! Whiteouts are those of the OCI image specification: `.wh.NAME` removes NAME of the layers below, `.wh..wh..opq` all that the
//! layers below have in the folder. What comes out can be unpacked anywhere: plain files, folders and links, no device, no
//! set-user-id bit, nothing below a link, no path that leads out.

use super::Layout;
use crate::engine::TarStream;
use crate::review::sandbox::{append, written};
use flate2::read::MultiGzDecoder;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use tar::{Archive, Builder, EntryType, Header};

/// The maximum number of files and folders, and the longest path in bytes: the largest real images have some 500,000.
const MAX_FILES: usize = 2_000_000;
const MAX_PATH: usize = 4096;

/// A path in an image, without a slash at its ends.
type Name = Vec<u8>;

/// A layer's file, and its media type.
type Layer = (PathBuf, String);

/// The root file system of `layout` as `name/…`, of at most `limit` bytes.
pub(crate) fn flatten(layout: &Layout, name: &'static str, limit: u64) -> TarStream {
    let layer =
        |layer: &crate::oci::Descriptor| (Layout::blob(&layout.folder, &layer.digest), layer.media_type.clone());
    let layers: Vec<Layer> = layout.layers.iter().map(layer).collect();
    written(move |archive| write(archive, &layers, name, limit))
}

fn write(archive: &mut Builder<impl Write>, layers: &[Layer], name: &str, limit: u64) -> io::Result<()> {
    append(archive, EntryType::Directory, name, 0o755, 0, &[])?;
    let mut flat = Flat {
        archive,
        name,
        left: limit,
        files: 0,
        folders: HashSet::new(),
        taken: HashSet::new(),
        removed: Removed::default(),
    };
    layers.iter().rev().try_for_each(|layer| flat.layer(layer))
}

/// What a layer takes away from those below it.
#[derive(Default)]
struct Removed {
    /// Paths, with everything below them.
    paths: HashSet<Name>,
    /// Folders of which only what is in them is removed.
    content: HashSet<Name>,
}

struct Flat<'a, W: Write> {
    archive: &'a mut Builder<W>,
    name: &'a str,
    /// Bytes that may still be written.
    left: u64,
    files: usize,
    folders: HashSet<Name>,
    /// What is there and is not a folder.
    taken: HashSet<Name>,
    /// By the layers above.
    removed: Removed,
}

impl<W: Write> Flat<'_, W> {
    fn layer(&mut self, layer: &Layer) -> io::Result<()> {
        let links = self.hidden_links(layer)?;
        // The first visible name of a file whose own name is hidden.
        let mut instead: HashMap<Name, Name> = HashMap::new();
        let mut removed = Removed::default();
        let mut archive = Archive::new(open(layer)?);
        for entry in archive.entries()? {
            let mut entry = entry?;
            self.count()?;
            let Some(path) = clean(&entry.path_bytes()) else { continue };
            let (parent, last) = split(&path);
            if last == b".wh..wh..opq" {
                removed.content.insert(parent.to_vec());
                continue;
            }
            if let Some(name) = last.strip_prefix(b".wh.") {
                // Names of this form are the file system's own, but for whiteouts.
                if !name.starts_with(b".wh.") {
                    removed.paths.insert(join(parent, name));
                }
                continue;
            }
            let kind = entry.header().entry_type();
            let is_file = matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse);
            if self.is_hidden(&path) {
                if is_file && let Some(link) = links.get(&path) {
                    self.file(link, &mut entry)?;
                    instead.insert(path, link.clone());
                }
                continue;
            }
            match kind {
                EntryType::Directory => self.folder(&path)?,
                _ if is_file => self.file(&path, &mut entry)?,
                EntryType::Symlink => {
                    let target = entry.link_name_bytes().unwrap_or_default().into_owned();
                    self.link(&path, EntryType::Symlink, &target)?;
                }
                EntryType::Link => {
                    let Some(target) = entry.link_name_bytes().and_then(|target| clean(&target)) else { continue };
                    let target = instead.get(&target).unwrap_or(&target).clone();
                    // What it leads to was written by this layer, or is not there at all.
                    if target != path && self.taken.contains(&target) {
                        let target = self.path_of(&target);
                        self.link(&path, EntryType::Link, &target)?;
                    }
                }
                _ => {}
            }
        }
        self.removed.paths.extend(removed.paths);
        self.removed.content.extend(removed.content);
        Ok(())
    }

    /// The hard links of a layer that are seen although the file that they lead to is not: by that file.
    fn hidden_links(&mut self, layer: &Layer) -> io::Result<HashMap<Name, Name>> {
        let mut links = HashMap::new();
        // In the lowest visible layer nothing hides anything.
        if self.taken.is_empty() && self.removed.paths.is_empty() && self.removed.content.is_empty() {
            return Ok(links);
        }
        let mut archive = Archive::new(open(layer)?);
        for entry in archive.entries()? {
            let entry = entry?;
            self.count()?;
            if entry.header().entry_type() != EntryType::Link {
                continue;
            }
            let target = entry.link_name_bytes().and_then(|target| clean(&target));
            let (Some(path), Some(target)) = (clean(&entry.path_bytes()), target) else { continue };
            if !self.is_hidden(&path) && self.is_hidden(&target) {
                links.entry(target).or_insert(path);
            }
        }
        Ok(links)
    }

    /// Whether what is there already, or a layer above, leaves nothing of this path to be seen.
    fn is_hidden(&self, path: &[u8]) -> bool {
        if self.taken.contains(path) || self.removed.paths.contains(path) {
            return true;
        }
        parents(path).any(|parent| {
            self.taken.contains(parent) || self.removed.paths.contains(parent) || self.removed.content.contains(parent)
        })
    }

    /// Bounds what a layer of nothing but names can make this hold.
    fn count(&mut self) -> io::Result<()> {
        self.files += 1;
        if self.files > 2 * MAX_FILES { Err(too_much("files", MAX_FILES as u64)) } else { Ok(()) }
    }

    fn path_of(&self, path: &[u8]) -> Vec<u8> {
        [self.name.as_bytes(), b"/", path].concat()
    }

    /// Makes a folder, and those that it is in.
    fn folder(&mut self, path: &[u8]) -> io::Result<()> {
        for folder in parents(path).chain([path]).filter(|folder| !folder.is_empty()) {
            if self.folders.insert(folder.to_vec()) {
                let (path, mut header) = (self.path_of(folder), header(EntryType::Directory, 0o755));
                header.set_size(0);
                self.archive.append_data(&mut header, as_path(&path), io::empty())?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &[u8], entry: &mut tar::Entry<'_, impl Read>) -> io::Result<()> {
        if self.folders.contains(path) {
            return Ok(());
        }
        let size = entry.size();
        self.left = self.left.checked_sub(size).ok_or_else(|| too_much("bytes", self.left))?;
        self.folder(split(path).0)?;
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        let mut header = header(EntryType::Regular, if executable { 0o755 } else { 0o644 });
        header.set_size(size);
        let target = self.path_of(path);
        self.archive.append_data(&mut header, as_path(&target), entry)?;
        self.taken.insert(path.to_vec());
        Ok(())
    }

    fn link(&mut self, path: &[u8], kind: EntryType, target: &[u8]) -> io::Result<()> {
        if self.folders.contains(path) || target.is_empty() || target.contains(&0) {
            return Ok(());
        }
        self.folder(split(path).0)?;
        let mut header = header(kind, 0o777);
        header.set_size(0);
        let link = self.path_of(path);
        self.archive.append_link(&mut header, as_path(&link), as_path(target))?;
        self.taken.insert(path.to_vec());
        Ok(())
    }
}

fn open((path, media_type): &Layer) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(File::open(path)?);
    // What a layer is shows in its first bytes: media types of registries are wrong now and then.
    let magic = io::BufRead::fill_buf(&mut file)?.get(..4).unwrap_or_default().to_vec();
    if magic.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(MultiGzDecoder::new(file)))
    } else if magic == [0x28, 0xb5, 0x2f, 0xfd] {
        Err(io::Error::other(format!("a layer is compressed with zstd (`{media_type}`), which is not read here")))
    } else {
        Ok(Box::new(file))
    }
}

fn too_much(what: &str, limit: u64) -> io::Error {
    io::Error::other(format!("the image unpacks to more {what} than are allowed ({limit})"))
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn as_path(bytes: &[u8]) -> &std::path::Path {
    use std::os::unix::ffi::OsStrExt as _;
    std::path::Path::new(std::ffi::OsStr::from_bytes(bytes))
}

/// A path without what leads nowhere; none when it leads out, or is too long.
fn clean(path: &[u8]) -> Option<Name> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    let name = parts.join(&b'/');
    let is_proper = !name.is_empty() && name.len() <= MAX_PATH && !name.contains(&0) && !parts.contains(&&b".."[..]);
    is_proper.then_some(name)
}

/// The folder that a path is in, empty at the top, and its last part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

fn join(folder: &[u8], name: &[u8]) -> Name {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// Every folder above a path but the top, the highest first.
fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').filter_map(|(at, _)| path.get(..at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Layer, write};
    use std::io::Write as _;
    use tar::{Archive, Builder, EntryType, Header};

    /// A layer: `f path=content`, `x path=content` (may be executed), `d path`, `s path=target`, `h path=target`, `c path`.
    fn layer(folder: &tempfile::TempDir, number: usize, entries: &[&str], gzip: bool) -> Layer {
        let mut archive = Builder::new(Vec::new());
        for entry in entries {
            let (kind, rest) = entry.split_at(1);
            let (path, content) = rest.trim_start().split_once('=').unwrap_or((rest.trim_start(), ""));
            let mut header = Header::new_gnu();
            header.set_mode(if kind == "x" { 0o4755 } else { 0o600 });
            header.set_uid(1000);
            let name = header.as_old_mut();
            name.name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(match kind {
                "d" => EntryType::Directory,
                "s" => EntryType::Symlink,
                "h" => EntryType::Link,
                "c" => EntryType::Char,
                _ => EntryType::Regular,
            });
            if matches!(kind, "s" | "h") {
                header.set_link_name_literal(content).unwrap();
            }
            let content = if matches!(kind, "f" | "x") { content } else { "" };
            header.set_size(content.len() as u64);
            header.set_cksum();
            archive.append(&header, content.as_bytes()).unwrap();
        }
        let mut bytes = archive.into_inner().unwrap();
        if gzip {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            bytes = encoder.finish().unwrap();
        }
        let path = folder.path().join(number.to_string());
        std::fs::write(&path, bytes).unwrap();
        (path, "application/vnd.oci.image.layer.v1.tar".to_owned())
    }

    fn flat(layers: &[&[&str]], limit: u64) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let layers: Vec<Layer> = layers
            .iter()
            .enumerate()
            .map(|(number, entries)| layer(&folder, number, entries, number % 2 == 1))
            .collect();
        let mut archive = Builder::new(Vec::new());
        write(&mut archive, &layers, "root", limit).map_err(|error| error.to_string())?;
        let bytes = archive.into_inner().unwrap();
        let mut archive = Archive::new(&bytes[..]);
        let mut lines: Vec<String> = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let link = entry.link_name().unwrap().map(|link| format!(" -> {}", link.display())).unwrap_or_default();
            let mut content = String::new();
            std::io::Read::read_to_string(&mut entry, &mut content).unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.mtime().unwrap()), (0, 0));
            lines.push(format!("{:?} {:o} {path}{link} {content}", header.entry_type(), header.mode().unwrap()));
        }
        Ok(lines.join("\n"))
    }

    #[test]
    fn upper_layers_replace_and_remove_what_lower_ones_have() {
        let layers: [&[&str]; 3] = [
            &[
                "d etc/",
                "f etc/old=1",
                "f etc/gone=1",
                "f opaque/a=1",
                "f file=1",
                "x usr/bin/tool=elf",
                "d dir",
                "f dir/x=1",
            ],
            &["f etc/old=2", "f etc/.wh.gone=", "f opaque/.wh..wh..opq=", "f opaque/b=2", "s dir=elsewhere"],
            &["f .wh.file=", "f etc/new=3"],
        ];
        insta::assert_snapshot!(flat(&layers, 1000).unwrap(), @r"
        Directory 755 root 
        Directory 755 root/etc 
        Regular 644 root/etc/new 3
        Regular 644 root/etc/old 2
        Directory 755 root/opaque 
        Regular 644 root/opaque/b 2
        Symlink 777 root/dir -> elsewhere 
        Directory 755 root/usr 
        Directory 755 root/usr/bin 
        Regular 755 root/usr/bin/tool elf
        ");
    }

    #[test]
    fn nothing_leads_out_and_nothing_is_special() {
        let layers: [&[&str]; 1] = [&[
            "f ../../out=1",
            "f /etc/passwd=1",
            "c dev/null",
            "s link=/etc",
            "f link/below=1",
            "h hard=../../x",
            "h own=etc/passwd",
            "h nowhere=not/there",
            "f .wh..wh.plnk/1=x",
            "f etc/passwd=again",
        ]];
        insta::assert_snapshot!(flat(&layers, 1000).unwrap(), @r"
        Directory 755 root 
        Directory 755 root/etc 
        Regular 644 root/etc/passwd 1
        Symlink 777 root/link -> /etc 
        Link 777 root/own -> root/etc/passwd 
        Directory 755 root/.wh..wh.plnk 
        Regular 644 root/.wh..wh.plnk/1 x
        ");
    }

    #[test]
    fn a_hard_link_outlives_the_name_that_it_was_made_of() {
        let layers: [&[&str]; 2] = [&["f a=content", "h b=a", "h c=a"], &["f .wh.a="]];
        insta::assert_snapshot!(flat(&layers, 1000).unwrap(), @r"
        Directory 755 root 
        Regular 644 root/b content
        Link 777 root/c -> root/b
        ");
    }

    #[test]
    fn the_limit_is_on_what_is_unpacked() {
        assert!(flat(&[&["f a=123456"], &["f b=123456"]], 12).is_ok());
        insta::assert_snapshot!(flat(&[&["f a=123456"], &["f b=123456"]], 11).unwrap_err(), @"the image unpacks to more bytes than are allowed (5)");
    }
}
