//! Too much of everything. Counted in files, entries and bytes, never in seconds.

use super::{check, exported, shown};
use crate::git_server::{FILE, FOLDER, GitServer, Upstreamed};
use mcp_registry::git::{self, Limits, Upstream, UpstreamError};
use mcp_registry::ids::CommitSha;
use mcp_registry::review::export::{self, ExportLimits};
use mcp_registry::snapshot::{Reason, Snapshot};

/// How many items are listed for a reason, those only counted included.
fn number(snapshot: &Snapshot, reason: Reason) -> u64 {
    let items = snapshot.unreviewed.iter().filter(|item| item.reason == reason);
    items.map(|item| if item.path == "…" { item.detail.split(' ').next().unwrap().parse().unwrap() } else { 1 }).sum()
}

#[test]
fn a_tree_10000_folders_deep_is_cut() {
    let repo = Upstreamed::new();
    let mut tree = repo.files(&[("bottom", "x")]);
    for _ in 0..10_000 {
        tree = repo.tree(&[(FOLDER, "d", tree), (FILE, "f", repo.blob("x"))]);
    }
    let commit = repo.commit(tree, &[]);
    let limits = ExportLimits::default();
    let snapshot = exported(&repo, &commit, &limits);
    assert_eq!(snapshot.files.len(), 41, "a file at the top, and one in each of 40 folders");
    assert_eq!(snapshot.unreviewed.len(), 1);
    assert_eq!(snapshot.unreviewed[0].path, format!("{}/", ["d"; 41].join("/")));
    assert_eq!(snapshot.unreviewed[0].detail, "folders in more than 40 folders, and all in them");
}

#[test]
fn a_million_tiny_files_are_bounded_and_counted() {
    let repo = Upstreamed::new();
    let blob = repo.blob("x");
    let names: Vec<String> = (0..1000).map(|number| format!("f{number:03}")).collect();
    let files: Vec<_> = names.iter().map(|name| (FILE, name, blob)).collect();
    let folder = repo.tree(&files);
    let folders: Vec<_> = names.iter().map(|name| (FOLDER, name, folder)).collect();
    let commit = repo.commit(repo.tree(&folders), &[]);
    let limits = ExportLimits::default();
    let snapshot = exported(&repo, &commit, &limits);
    assert_eq!(snapshot.files.len(), 20_000);
    // The folders themselves are 1,000 of the 300,000 entries that are looked at; 299 folders are whole.
    assert_eq!(number(&snapshot, Reason::TooManyFiles), 299_000 - 20_000 + 701);
    let last = &snapshot.unreviewed.last().unwrap();
    assert_eq!((last.path.as_str(), last.detail.as_str()), ("…", "279501 more"));
}

#[test]
fn folders_that_hold_themselves_twice_are_bounded() {
    let repo = Upstreamed::new();
    let mut tree = repo.files(&[("f", "x")]);
    for _ in 0..35 {
        tree = repo.tree(&[(FOLDER, "a", tree), (FOLDER, "b", tree)]);
    }
    let commit = repo.commit(tree, &[]);
    // 2 to the power of 35 files.
    let limits = ExportLimits { files: 1_000, entries: 5_000, ..ExportLimits::default() };
    let snapshot = exported(&repo, &commit, &limits);
    assert!(snapshot.files.len() <= 1_000 && !snapshot.files.is_empty());
    assert!(number(&snapshot, Reason::TooManyFiles) >= 35);
}

/// A loose object of 5 GiB of zeros, as a file of 34 MB: made bit by bit, since compressing would take a minute. Git's own
/// id of it, which takes as long to compute: `head -c 5368709120 /dev/zero | git hash-object --stdin`.
const ZEROS: u64 = 5 << 30;
const ZEROS_ID: &str = "0be2be10a4c8764f32c4bf372a98edc731a4b204";

fn write_zeros(repo: &Upstreamed) {
    let mut bytes = vec![0x78, 0x01];
    let (mut waiting, mut bits) = (0_u64, 0_u32);
    let mut push = |value: u64, number: u32| {
        waiting |= value << bits;
        bits += number;
        while bits >= 8 {
            bytes.push((waiting & 0xff) as u8);
            waiting >>= 8;
            bits -= 8;
        }
    };
    // The last block, with fixed codes (RFC 1951, 3.2.6): a byte below 144 is the code 0x30 + byte, from its highest bit.
    push(0b011, 3);
    let literal = |byte: u8| u64::from((byte + 0x30).reverse_bits());
    let head = format!("blob {ZEROS}\0");
    head.bytes().for_each(|byte| push(literal(byte), 8));
    // The 258 bytes before, one back: code 285 and distance 0.
    (0..ZEROS / 258).for_each(|_| push(0xa3, 13));
    (0..ZEROS % 258).for_each(|_| push(literal(0), 8));
    // The end, and what fills the last byte.
    push(0, 7);
    push(0, 7);
    let (mut a, mut b) = (1_u64, 0_u64);
    for byte in head.bytes() {
        a = (a + u64::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b = (b + a * (ZEROS % 65_521)) % 65_521;
    bytes.extend_from_slice(&u32::try_from(b << 16 | a).unwrap().to_be_bytes());
    let folder = repo.path().join("objects").join(&ZEROS_ID[..2]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&ZEROS_ID[2..]), bytes).unwrap();
}

#[tokio::test]
async fn a_blob_of_5_gb_of_zeros_is_never_unpacked() {
    let repo = Upstreamed::new();
    write_zeros(&repo);
    assert_eq!(repo.git(["cat-file", "-s", ZEROS_ID]), ZEROS.to_string());
    let zeros = ZEROS_ID.parse().unwrap();
    let commit = repo.commit(repo.tree(&[(FILE, "ok", repo.blob("x")), (FILE, "zeros", zeros)]), &[]);
    repo.branch("main", &commit);
    let limits = ExportLimits::default();

    let path = Upstream::parse(repo.path().to_str().unwrap()).unwrap();
    let server = GitServer::start(repo.above()).await;
    let store = git::fetch(&server.fetcher, &path, std::slice::from_ref(&commit), &Limits::default(), repo.above())
        .await
        .unwrap();
    let snapshot = export::snapshot(&store, &commit, "", &limits).unwrap();
    check(&snapshot, &limits);
    insta::assert_snapshot!(shown(&snapshot), @r#"
    ok: "x"
    ! zeros file-too-large: 5368709120 bytes
    "#);

    // From a server that can leave out what is too large, it does not even come.
    let url = Upstream::parse(&server.server.url("/repo.git")).unwrap();
    let folder = repo.above().join("store");
    let store =
        git::fetch(&server.fetcher, &url, std::slice::from_ref(&commit), &Limits::default(), &folder).await.unwrap();
    let snapshot = export::snapshot(&store, &commit, "", &limits).unwrap();
    check(&snapshot, &limits);
    insta::assert_snapshot!(shown(&snapshot), @r#"
    ok: "x"
    ! zeros file-too-large: more than 32000000 bytes; it was not fetched
    "#);
}

#[tokio::test]
async fn a_blob_that_unpacks_to_more_than_may_come_ends_the_fetch() {
    let repo = Upstreamed::new();
    repo.git(["config", "uploadpack.allowFilter", "false"]);
    let commit = repo.commit(repo.tree(&[(FILE, "zeros", repo.blob(vec![0; 20_000_000]))]), &[]);
    repo.branch("main", &commit);
    let server = GitServer::start(repo.above()).await;
    let url = Upstream::parse(&server.server.url("/repo.git")).unwrap();
    let fetch = async |limits: Limits, folder: &str| {
        git::fetch(&server.fetcher, &url, std::slice::from_ref(&commit), &limits, &repo.above().join(folder)).await
    };
    // 20 MB in 20 kB; the same as 5 GB against the limit that is the default.
    let limits = Limits { unpacked: 10_000_000, ..Limits::default() };
    let said = UpstreamError::TooLarge { what: "bytes, unpacked", limit: 10_000_000 };
    assert_eq!(fetch(limits, "one").await.unwrap_err(), said);
    assert_eq!(files(&repo.above().join("one")), ["lock"], "nothing is left of it");

    let limits = Limits { download: 1_000, ..Limits::default() };
    assert_eq!(fetch(limits, "two").await.unwrap_err().to_string(), "more than 1000 bytes");
    let limits = Limits { objects: 2, ..Limits::default() };
    assert_eq!(fetch(limits, "three").await.unwrap_err().to_string(), "objects: more than 2");

    // Within the limits it comes, and is listed.
    let store = fetch(Limits::default(), "four").await.unwrap();
    let limits = ExportLimits { file: 10_000_000, ..ExportLimits::default() };
    let snapshot = export::snapshot(&store, &commit, "", &limits).unwrap();
    assert_eq!(shown(&snapshot), "! zeros file-too-large: 20000000 bytes\n");
}

/// The files below a folder.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn a_zip_bomb_is_a_file_like_any_other() {
    let repo = Upstreamed::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    (0..30).for_each(|_| std::io::Write::write_all(&mut encoder, &zeros).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 18, "{}", bomb.len());
    let commit = repo.commit(repo.tree(&[(FILE, "bomb.gz", repo.blob(&bomb))]), &[]);
    let snapshot = exported(&repo, &commit, &ExportLimits::default());
    assert_eq!(&*snapshot.files["bomb.gz"].content, bomb.as_slice());
    assert_eq!(snapshot.unreviewed, []);
}

#[test]
fn what_does_not_fit_is_listed_and_the_rest_is_exported() {
    let repo = Upstreamed::new();
    let (name, long) = ("n".repeat(300), "p".repeat(200));
    let deep = repo.tree(&[(FOLDER, &long, repo.tree(&[(FOLDER, &long, repo.files(&[("f", "x")]))]))]);
    let tree = repo.tree(&[
        (FILE, "a", repo.blob("12345678")),
        (FILE, "b", repo.blob("12345678901")),
        (FILE, "c", repo.blob("1234567890")),
        (FILE, "d", repo.blob("12")),
        (FOLDER, "deep", deep),
        (FILE, "e", repo.blob("")),
        (FILE, "f", repo.blob("")),
        (FILE, &name, repo.blob("")),
        (FILE, &"m".repeat(5000), repo.blob("")),
    ]);
    let commit = repo.commit(tree, &[]);
    let limits = ExportLimits { bytes: 12, files: 4, file: 10, path: 400, ..ExportLimits::default() };
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &limits)), @r#"
    a: "12345678"
    d: "12"
    e: ""
    f: ""
    ! b file-too-large: 11 bytes
    ! c too-many-bytes: 10 bytes, and 4 may still be exported
    ! deep/pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp/pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp path-too-long: more than 400 bytes
    ! mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm… path-too-long: a name of 5000 bytes
    ! nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn too-many-files: more than 4 files
    ! nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn unusable-name: its name has more bytes than file systems take; exported as `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`
    "#);
}

#[test]
fn what_is_missing_or_damaged_is_listed() {
    let repo = Upstreamed::new();
    let nothing = "1".repeat(40).parse().unwrap();
    let blob = repo.blob("x");
    let tree = repo.tree(&[
        (FILE, "a", blob),
        (FILE, "folder-that-is-none", repo.files(&[("x", "x")])),
        (FOLDER, "file-that-is-none", blob),
        (FILE, "missing", nothing),
        (FOLDER, "missing-folder", nothing),
        ("170000", "nothing-known", blob),
    ]);
    let commit = repo.commit(tree, &[]);
    insta::assert_snapshot!(shown(&exported(&repo, &commit, &ExportLimits::default())), @r#"
    a: "x"
    ! file-that-is-none/ damaged: the folder cannot be read
    ! folder-that-is-none damaged: the file cannot be read
    ! missing damaged: the file is missing
    ! missing-folder/ damaged: the folder is missing
    ! nothing-known damaged: it is of no kind that Git knows
    "#);
    // A content that is not what its id says, as a broken disk or a clever author makes it.
    let id = blob.to_string();
    let other = repo.blob("y").to_string();
    let file = |id: &str| repo.path().join("objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(file(&id)).unwrap();
    std::fs::copy(file(&other), file(&id)).unwrap();
    let snapshot = exported(&repo, &commit, &ExportLimits::default());
    assert_eq!(snapshot.files.len(), 0);
    assert!(shown(&snapshot).contains("! a damaged: the file cannot be read\n"));
}

#[test]
fn a_commit_that_is_absent_or_of_another_kind_is_an_error() {
    let repo = Upstreamed::new();
    let tree = repo.files(&[("a", "x")]);
    let absent = CommitSha::parse(&"1".repeat(40)).unwrap();
    let error = super::local(&repo, &absent).unwrap_err();
    assert_eq!(error.to_string(), format!("{} has no commit {absent}", repo.path().display()));
    let tree = CommitSha::parse(&tree.to_string()).unwrap();
    let error = super::local(&repo, &tree).unwrap_err();
    assert_eq!(error.to_string(), format!("{tree} is not a commit"));
}
