//! Formatting as prettier formats YAML.
