//! What holds of every simulated incident.

use super::*;

fn written(simulation: Simulation) -> (tempfile::TempDir, Summary) {
    let dir = tempfile::tempdir().unwrap();
    let summary = simulation.write(&dir.path().join("out"), &mut |_| ()).unwrap();
    (dir, summary)
}

#[test]
fn a_directory_with_something_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "x").unwrap();
    let simulation = Simulation { scenario: Scenario::Default, seed: 1, records: 10, signed: false };
    let sentence = simulation.write(dir.path(), &mut |_| ()).unwrap_err().to_string();
    assert!(sentence.contains("it is not empty"), "{sentence}");
    let (_dir, summary) = written(simulation);
    assert_eq!(summary.files, 13);
}
