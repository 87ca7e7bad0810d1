/// Minimisation by quasi-Newton steps (Broyden, Fletcher, Goldfarb and Shanno, 1970) with a backtracking line search; for a dozen
/// parameters of like scale.
package struct QuasiNewton {
    /// The length of the first step, in the parameters' unit; no later step is longer than four of it.
    var firstStep: Double
    /// Ends when a step is shorter.
    var tolerance: Double
    var mostSteps = 60

    package init(firstStep: Double, tolerance: Double) { (self.firstStep, self.tolerance) = (firstStep, tolerance) }

    /// The best point found from `start`, and its value. `function` gives value and gradient.
    package func minimum(from start: [Double], of function: ([Double]) throws -> (value: Double, gradient: [Double])) throws -> (
        point: [Double], value: Double
    ) {
        let n = start.count
        var x = start
        var (value, gradient) = try function(x)
        /// The inverse of the Hessian as far as known, row by row.
        var inverse = Self.identity(n)
        var isFresh = true
        for _ in 0..<mostSteps {
            var step = (0..<n).map { i in -(0..<n).reduce(0) { $0 + inverse[i * n + $1] * gradient[$1] } }
            var slope = Self.dot(step, gradient)
            if slope >= 0 {
                inverse = Self.identity(n)
                isFresh = true
                step = gradient.map { -$0 }
                slope = -Self.dot(gradient, gradient)
            }
            let length = Self.dot(step, step).squareRoot()
            guard length > 0 else { break }
            // Without a Hessian the gradient tells the direction only.
            let most = isFresh ? firstStep / length : min(1, 4 * firstStep / length)
            var scale = most
            var next = x, found: (value: Double, gradient: [Double])?
            while scale * length > tolerance {
                next = zip(x, step).map { $0 + scale * $1 }
                let trial = try function(next)
                if trial.value <= value + 1e-4 * scale * slope {
                    found = trial
                    break
                }
                // The parabola through both values and the slope has its lowest point here.
                let parabola = -slope * scale * scale / (2 * (trial.value - value - slope * scale))
                scale = min(0.5 * scale, max(0.1 * scale, parabola))
            }
            guard let found else {
                if isFresh { break }
                // Once more along the gradient, before it is taken for the end.
                inverse = Self.identity(n)
                isFresh = true
                continue
            }
            let s = zip(next, x).map { $0 - $1 }, y = zip(found.gradient, gradient).map { $0 - $1 }
            update(&inverse, s, y, isFirst: isFresh)
            isFresh = false
            x = next
            (value, gradient) = found
            if Self.dot(s, s).squareRoot() < tolerance { break }
        }
        return (x, value)
    }

    private func update(_ h: inout [Double], _ s: [Double], _ y: [Double], isFirst: Bool) {
        let n = s.count, curvature = Self.dot(s, y)
        // Where the function bends the other way, the Hessian stays what it was.
        guard curvature > 1e-10 * (Self.dot(s, s) * Self.dot(y, y)).squareRoot() else { return }
        if isFirst {
            let scale = curvature / Self.dot(y, y)
            for i in 0..<n { h[i * n + i] = scale }
        }
        let hy = (0..<n).map { i in (0..<n).reduce(0) { $0 + h[i * n + $1] * y[$1] } }
        let factor = (1 + Self.dot(y, hy) / curvature) / curvature
        for i in 0..<n {
            for j in 0..<n { h[i * n + j] += factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / curvature }
        }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private static func identity(_ n: Int) -> [Double] { (0..<n * n).map { $0 % (n + 1) == 0 ? 1 : 0 } }
}
