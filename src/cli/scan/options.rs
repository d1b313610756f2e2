//! Options about the scanner, which `verify --scan` has, too.

use crate::cli::{refuse, units};
use crate::error::CommandError;
use crate::policy::Policy;
use crate::scan::Scanner;
use crate::scan::judge::Judge;
use crate::tool::Limits;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Who scans, and with what.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ScannerArgs {
    /// Who scans: trivy or grype of the PATH; trivy=IMAGE or grype=IMAGE; another IMAGE, which follows the protocol of
    /// docs/scan.md; or a report that was made elsewhere (SARIF, or CycloneDX with vulnerabilities), or a folder of them.
    #[arg(long, value_name = "SCANNER", help_heading = "Scanner")]
    pub(in crate::cli) scanner: Option<String>,
    /// The folder of its database. An image cannot write it.
    #[arg(long, value_name = "DIR", help_heading = "Scanner")]
    pub(in crate::cli) database: Option<PathBuf>,
    /// Give it a network, to fetch its database with.
    #[arg(long, help_heading = "Scanner")]
    pub(in crate::cli) scanner_network: bool,
    /// The time that it may take for an image: 90s, 30m.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = units::duration, help_heading = "Scanner")]
    pub(in crate::cli) scanner_timeout: Duration,
    /// The memory that it may have. A program's is its address space.
    #[arg(long, value_name = "SIZE", default_value = "8g", value_parser = units::memory, help_heading = "Scanner")]
    pub(in crate::cli) scanner_memory: u64,
    /// The maximum size of an image's layers.
    #[arg(long, value_name = "SIZE", default_value = "8g", value_parser = units::bytes, help_heading = "Scanner")]
    pub(in crate::cli) max_image: u64,
    /// Of an index, the image that it looks at: linux/amd64.
    #[arg(long, value_name = "PLATFORM", help_heading = "Scanner")]
    pub(in crate::cli) platform: Option<String>,
    /// Count vulnerabilities without a fixed version as warnings at most.
    #[arg(long, help_heading = "Scanner")]
    pub(in crate::cli) only_fixable: bool,
}

impl ScannerArgs {
    pub(super) fn parsed(&self) -> Result<Scanner, CommandError> {
        let text = self.scanner.as_deref().ok_or_else(|| {
            refuse("nobody scans").hint("`--scanner` names a scanner: trivy, grype, an image, or a report")
        })?;
        let scanner = Scanner::parse(text).map_err(|message| refuse(format!("`--scanner {text}`: {message}")))?;
        if let Some(folder) = self.database.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(refuse(format!("`--database {}` is not a folder", folder.display())));
        }
        if scanner.is_elsewhere() && (self.database.is_some() || self.scanner_network) {
            return Err(refuse("a report that was made elsewhere needs neither `--database` nor `--scanner-network`"));
        }
        Ok(scanner)
    }

    /// How its reports are judged.
    pub(in crate::cli) fn judge(&self, policy: &Policy) -> Result<Judge, CommandError> {
        let only_fixable = self.only_fixable || policy.settings.scan.only_fixable;
        Ok(Judge { only_fixable, elsewhere: self.parsed()?.is_elsewhere() })
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            time: self.scanner_timeout,
            memory: self.scanner_memory,
            output: crate::scan::report::MAX_BYTES,
            network: self.scanner_network,
        }
    }
}
