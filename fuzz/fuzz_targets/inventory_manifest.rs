//! Manifests of inventories.

#![no_main]

use std::path::Path;

use bks::inventory::manifest::InventoryManifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(manifest) = InventoryManifest::parse(bytes, "manifest.json") else { return };
    // Data files are looked for under the folders that hold the manifest, nowhere else.
    for place in manifest.files.iter().flat_map(|f| manifest.places(Path::new("a/b/c.json"), f)) {
        assert!(place.is_relative() && !place.components().any(|part| part.as_os_str() == ".."));
    }
});
