//! Signing, attesting and verifying, against a real image registry (Debian's `docker-registry`) and with the real readers; and
//! against a registry of our own where the real one cannot do something: the referrers API, hostile answers, dying in the middle.

mod commands;
mod entries;
mod every_entry;
mod kills;
mod logged;
pub(crate) mod oci_server;
mod published;
mod readers;
mod repair;
mod requests;
mod sbom;
mod strict;
mod tampering;
pub(crate) mod tools;
mod trouble;
mod usage;
pub(crate) mod world;
