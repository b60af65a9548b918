//! What lies beside the journals: the pins of a responder and the checkpoints of an auditor.

use super::builds::BUILDS;
use super::incident::Incident;
use super::records::{RELAY, RELAY_CHAIN};
use super::registry::{CHAIN, CONTRACT};
use super::{SimulateError, write_file};
use std::fmt::Write;
use std::fs;
use std::path::Path;

impl Incident {
    /// `checkpoints/<journal>.note`: the last checkpoint of each journal, held elsewhere.
    pub(super) fn keep_checkpoints(&self, dir: &Path, notes: &[String]) -> Result<(), SimulateError> {
        let folder = dir.join("checkpoints");
        fs::create_dir(&folder).map_err(|error| SimulateError::Write(folder.clone(), error))?;
        for (journal, note) in self.journals.all.iter().zip(notes) {
            write_file(&folder.join(format!("{}.note", journal.name)), note.as_bytes())?;
        }
        Ok(())
    }

    /// `trust.toml` (DESIGN §4).
    pub(super) fn pin(&self, dir: &Path) -> Result<(), SimulateError> {
        let mut text =
            String::from("# Keys and measurements of a simulated network: pin them for practice only.\n\n");
        self.pins(&mut text).expect("a string takes every text");
        write_file(&dir.join("trust.toml"), text.as_bytes())
    }

    fn pins(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "witness_quorum = 1\n")?;
        for journal in &self.journals.all {
            let key = &journal.log.verifier;
            writeln!(text, "[[log]]\norigin = \"{}\"\nkey = \"{}\"\n", key.name, key.text())?;
        }
        let witness = &self.journals.witness.verifier;
        writeln!(text, "[[witness]]\nname = \"{}\"\nkey = \"{}\"\n", witness.name, witness.text())?;
        for (build, measured) in BUILDS.iter().zip(&self.measured) {
            writeln!(
                text,
                "[[measurement]]\npcr_hash = \"0x{}\"\nversion = \"{}\"\n",
                measured.pcr_hash, build.version
            )?;
        }
        writeln!(text, "[[registry]]\nchain_id = \"{CHAIN}\"\naddress = \"{CONTRACT}\"\n")?;
        writeln!(text, "[[relay]]\nchain_id = \"{RELAY_CHAIN}\"\naddress = \"{RELAY}\"")
    }
}
