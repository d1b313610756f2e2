//! GitHub, by a fake that keeps repositories.
