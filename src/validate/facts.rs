//! Facts from outside, as plain data. They are gathered first, once each; rules then judge them without knowing where
//! they came from. Offline, every fact is [`Fact::NotGathered`], and a rule that needs it says nothing.

/// Something that had to be asked of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fact<T> {
    /// Nobody asked: the run is offline, or the entry has nothing to ask about.
    #[default]
    NotGathered,
    /// The service did not answer, or not so that it could be understood; says why. Becomes one note.
    Unavailable(String),
    Known(T),
}

impl<T> Fact<T> {}

/// The facts that there are; a rule names those it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// [`Facts::repository`]
    Repository,
    /// [`Facts::commit`]
    Commit,
    /// [`Facts::branch`]
    Branch,
    /// [`Facts::directory`]
    Directory,
    /// [`Facts::dockerfile`]
    Dockerfile,
    /// [`Facts::icon`]
    Icon,
    /// [`Facts::image`]
    Image,
    /// [`Facts::remote`]
    Remote,
    /// [`Facts::remote_tools`]
    RemoteTools,
}

impl Need {
    /// The word for it in messages and in `rules --format json`.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Commit => "commit",
            Self::Branch => "branch",
            Self::Directory => "directory",
            Self::Dockerfile => "dockerfile",
            Self::Icon => "icon",
            Self::Image => "image",
            Self::Remote => "remote",
            Self::RemoteTools => "remote-tools",
        }
    }
}

/// What is known about one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The repository that `source.project` names.
    pub repository: Fact<Repository>,
    /// The pinned commit in that repository.
    pub commit: Fact<Commit>,
    /// What `source.branch` names there.
    pub branch: Fact<Branch>,
    /// What `source.directory` is at the pinned commit.
    pub directory: Fact<PathAtPin>,
    /// What the Dockerfile's path (in the directory; `Dockerfile` by default) is at the pinned commit.
    pub dockerfile: Fact<PathAtPin>,
    /// What `about.icon` leads to.
    pub icon: Fact<Icon>,
    /// Whether `image` exists in its image registry.
    pub image: Fact<Image>,
    /// Whether `remote.url` answers.
    pub remote: Fact<Remote>,
    /// The tools that the remote server lists.
    pub remote_tools: Fact<RemoteTools>,
}

/// A repository, as its host describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repository {
    /// There is none, or it is not public.
    Missing,
    Found {
        /// Its address today, `https://host/owner/name`: another than asked for when it moved.
        url: String,
        /// Whether its owner declared it read-only.
        archived: bool,
        /// The SPDX expression of its licence as the host recognises it; none when the host found no licence. GitHub's
        /// `NOASSERTION` means that there is a licence file which it does not recognise.
        license: Option<String>,
        /// The branch that a clone starts on.
        default_branch: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    /// The repository does not have it.
    Missing,
    /// It is part of the history of this branch or tag.
    OnRef(String),
    /// The host serves it under the repository's name, but no branch or tag contains it: a fork's commit, or one that
    /// was force-pushed away.
    Impostor,
}

/// What a branch name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    Branch,
    /// No branch, but a tag.
    Tag,
    Missing,
}

/// What a path is at the pinned commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathAtPin {
    Directory,
    File,
    /// A symbolic link, a submodule or anything else.
    Other,
    Missing,
}

/// What an icon's address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Icon {
    /// It cannot be fetched for good: not found, gone, refused, not https, a private address. Says why.
    Unreachable(String),
    /// It has more bytes than the limit; reading stopped there.
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    Read {
        /// Its length in bytes.
        bytes: u64,
        /// The image type, told by its content: `png`, `svg`, …; none when it is no image known here.
        format: Option<String>,
        /// Width and height in pixels, if the format says.
        size: Option<(u32, u32)>,
    },
}

/// An image in its image registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// There is none of that name and tag, or it is not public.
    Missing,
    Found {
        /// The digest of its manifest.
        digest: Option<String>,
    },
}

/// Whether a remote server is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remote {
    /// It answered with this status, which a living server may give: 401 and 403 are alive.
    Alive(u16),
    /// It did not, for good: no such name, refused, a certificate that is not valid, 404, 410, 5xx after retries. Says why.
    Unreachable(String),
}

/// The tools of a remote server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteTools {
    /// It listed these, by name.
    Listed(Vec<String>),
    NeedsCredentials,
    /// It could not list them. Says why.
    Failed(String),
}
