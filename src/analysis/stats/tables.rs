//! Tables of counts: G and X² on 2×K, no three-way interaction on 2×2×K by proportional fitting, distances.

use super::tails;

/// A test of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Test {
    pub statistic: f64,
    pub df: usize,
}

impl Test {
    pub fn p(self) -> f64 {
        tails::chi2(self.statistic, self.df as f64)
    }

    /// The same with more scatter than independent draws have: the statistic over φ ≥ 1.
    pub fn p_with(self, phi: f64) -> f64 {
        tails::chi2(self.statistic / phi.max(1.0), self.df as f64)
    }
}

/// G = 2Σ n ln(n/m) on a 2×K table; columns without a count do not count as degrees of freedom.
pub fn g(a: &[f64], b: &[f64]) -> Test {
    over(a, b, |seen, expected| if seen > 0.0 { 2.0 * seen * (seen / expected).ln() } else { 0.0 })
}

/// Pearson's X² = Σ (n − m)²/m on a 2×K table.
pub fn x2(a: &[f64], b: &[f64]) -> Test {
    over(a, b, |seen, expected| (seen - expected).powi(2) / expected)
}

fn over(a: &[f64], b: &[f64], cell: impl Fn(f64, f64) -> f64) -> Test {
    let (total_a, total_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    let total = total_a + total_b;
    if total_a <= 0.0 || total_b <= 0.0 {
        return Test::default();
    }
    let mut test = Test::default();
    let mut columns = 0;
    for (x, y) in a.iter().zip(b).filter(|(x, y)| **x + **y > 0.0) {
        columns += 1;
        let column = x + y;
        test.statistic += cell(*x, column * total_a / total) + cell(*y, column * total_b / total);
    }
    // Rounding may leave −1e-16.
    Test { statistic: test.statistic.max(0.0), df: usize::saturating_sub(columns, 1) }
}

/// G of {agent, controls} × {before, during} × category against the model without a three-way interaction: did the
/// agent move otherwise than the controls did? `agent[0]`, `controls[0]` before, `[1]` during.
///
/// That model is one odds ratio ψ of who × when in every category, with each category's margins kept. So instead of
/// sweeping over the margins (`g_swept`), ψ is found by Newton's method: it is the limit that sweeping approaches,
/// to the last digits, in a tenth of the time.
pub fn g_no_three_way(agent: [&[f64]; 2], controls: [&[f64]; 2]) -> Test {
    let seen = [agent[0], agent[1], controls[0], controls[1]];
    let columns = seen[0].len();
    let used = (0..columns).filter(|k| seen.iter().any(|row| row[*k] > 0.0)).count();
    let sums = seen.map(|row| row.iter().sum::<f64>());
    if used < 2 || sums.contains(&0.0) {
        return Test::default();
    }
    let ratio = common_ratio(seen, sums);
    let mut statistic = 0.0;
    for k in 0..columns {
        let [a, b, c, d] = seen.map(|row| row[k]);
        let (of_agent, before, all) = (a + b, a + c, a + b + c + d);
        if all <= 0.0 {
            continue;
        }
        let fit = fitted(of_agent, before, all, ratio);
        let expected = [fit, of_agent - fit, before - fit, all - of_agent - before + fit];
        for (seen, expected) in [a, b, c, d].into_iter().zip(expected) {
            if seen > 0.0 && expected > 0.0 {
                statistic += seen * (seen / expected).ln();
            }
        }
    }
    Test { statistic: (2.0 * statistic).max(0.0), df: used - 1 }
}

/// The odds ratio under which the fitted cells of the agent before sum to what was seen.
fn common_ratio(seen: [&[f64]; 4], sums: [f64; 4]) -> f64 {
    let wanted = sums[0];
    // Row, column and total of every category, which the fit keeps.
    let columns = seen[0].iter().zip(seen[1]).zip(seen[2].iter().zip(seen[3]));
    let margins =
        columns.map(|((a, b), (c, d))| (a + b, a + c, a + b + c + d)).filter(|(_, _, all)| *all > 0.0);
    let mut log = ((sums[0] / sums[1]) / (sums[2] / sums[3])).ln().clamp(-FARTHEST, FARTHEST);
    let (mut low, mut high) = (-FARTHEST, FARTHEST);
    for _ in 0..60 {
        let ratio = log.exp();
        let (mut sum, mut slope) = (0.0, 0.0);
        for (of_agent, before, all) in margins.clone() {
            let fit = fitted(of_agent, before, all, ratio);
            sum += fit;
            // dm/d(ln ψ) = 1/(Σ 1/cell), written without dividing by an empty cell.
            let (b, c, d) = (of_agent - fit, before - fit, all - of_agent - before + fit);
            if fit > 0.0 && b > 0.0 && c > 0.0 && d > 0.0 {
                slope += 1.0 / (1.0 / fit + 1.0 / b + 1.0 / c + 1.0 / d);
            }
        }
        let away = sum - wanted;
        if away.abs() <= 1e-12 * wanted || high - low < 1e-13 {
            return ratio;
        }
        if away > 0.0 {
            high = log;
        } else {
            low = log;
        }
        let step = log - away / slope;
        log = if slope > 0.0 && step > low && step < high { step } else { f64::midpoint(low, high) };
    }
    log.exp()
}

/// Odds ratios beyond e^±40 are as good as none at all.
const FARTHEST: f64 = 40.0;

/// The cell with given margins of its row and column in a 2×2 table of given odds ratio: a root of
/// (ψ − 1)m² − sm + ψrc = 0, s = n + (ψ − 1)(r + c), in the form that cancels nothing.
fn fitted(row: f64, column: f64, all: f64, ratio: f64) -> f64 {
    let s = all + (ratio - 1.0) * (row + column);
    let root = (s * s - 4.0 * ratio * (ratio - 1.0) * row * column).max(0.0).sqrt();
    let fit = if s >= 0.0 {
        if s + root > 0.0 { 2.0 * ratio * row * column / (s + root) } else { 0.0 }
    } else {
        (s - root) / (2.0 * (ratio - 1.0))
    };
    fit.clamp((row + column - all).max(0.0), row.min(column))
}

/// How often each margin is fitted in turn.
pub const SWEEPS: usize = 12;

/// The same by iterative proportional fitting (Deming and Stephan 1940), with a chosen number of sweeps: what
/// `g_no_three_way` is held against.
pub fn g_swept(agent: [&[f64]; 2], controls: [&[f64]; 2], sweeps: usize) -> Test {
    let seen = [agent[0], agent[1], controls[0], controls[1]];
    let columns = seen[0].len();
    let used = (0..columns).filter(|k| seen.iter().any(|row| row[*k] > 0.0)).count();
    let sums = seen.map(|row| row.iter().sum::<f64>());
    if used < 2 || sums.contains(&0.0) {
        return Test::default();
    }
    let mut fit = vec![[1.0f64; 4]; columns];
    for _ in 0..sweeps {
        let mut rows = [0.0; 4];
        for (k, m) in fit.iter_mut().enumerate() {
            // Who × category, then when × category.
            scale(m, 0, 1, seen[0][k] + seen[1][k]);
            scale(m, 2, 3, seen[2][k] + seen[3][k]);
            scale(m, 0, 2, seen[0][k] + seen[2][k]);
            scale(m, 1, 3, seen[1][k] + seen[3][k]);
            for (row, value) in rows.iter_mut().zip(*m) {
                *row += value;
            }
        }
        // Who × when.
        let factors: [f64; 4] = std::array::from_fn(|i| if rows[i] > 0.0 { sums[i] / rows[i] } else { 0.0 });
        for m in &mut fit {
            for (value, factor) in m.iter_mut().zip(factors) {
                *value *= factor;
            }
        }
    }
    let mut statistic = 0.0;
    for (k, m) in fit.iter().enumerate() {
        for (row, expected) in seen.iter().zip(m) {
            if row[k] > 0.0 && *expected > 0.0 {
                statistic += 2.0 * row[k] * (row[k] / expected).ln();
            }
        }
    }
    Test { statistic: statistic.max(0.0), df: used - 1 }
}

fn scale(m: &mut [f64; 4], i: usize, j: usize, margin: f64) {
    let sum = m[i] + m[j];
    let factor = if sum > 0.0 { margin / sum } else { 0.0 };
    m[i] *= factor;
    m[j] *= factor;
}

/// Total variation distance of two distributions given as counts: half the sum of absolute differences.
pub fn tvd(a: &[f64], b: &[f64]) -> f64 {
    let (total_a, total_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    if total_a <= 0.0 || total_b <= 0.0 {
        return 0.0;
    }
    a.iter().zip(b).map(|(x, y)| (x / total_a - y / total_b).abs()).sum::<f64>() / 2.0
}

/// The distance that two samples of one distribution have by chance alone: ½ Σ E|N(0, σ_k²)|,
/// σ_k² = p_k(1 − p_k)(1/n_a + 1/n_b), p pooled; `noise` multiplies the variance.
pub fn tvd_by_chance(a: &[f64], b: &[f64], noise: f64) -> f64 {
    let (total_a, total_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    if total_a <= 0.0 || total_b <= 0.0 {
        return 0.0;
    }
    let spread = noise * (1.0 / total_a + 1.0 / total_b);
    let share = 1.0 / (total_a + total_b);
    let sum: f64 =
        a.iter().zip(b).map(|(x, y)| (x + y) * share).map(|p| (p * (1.0 - p) * spread).max(0.0).sqrt()).sum();
    sum / (2.0 * std::f64::consts::PI).sqrt()
}

/// The distance less what chance alone gives, never below 0.
pub fn tvd_corrected(a: &[f64], b: &[f64]) -> f64 {
    (tvd(a, b) - tvd_by_chance(a, b, 1.0)).max(0.0)
}
