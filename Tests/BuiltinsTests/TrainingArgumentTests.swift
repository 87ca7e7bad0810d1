import Runtime
import Testing

/// Arguments of the training builtins that make no sense are errors at the call.
@Suite struct TrainingArgumentTests {
    @Test(arguments: ["-0.1", "1.5", "0/0"])
    func thresholdsAreProbabilities(threshold: String) throws {
        let message = try failure("predict(unet3d(filters=2, depth=1), phantom(seed=1, shape=8, spacing=20).image, threshold=\(threshold))")
        #expect(message.contains("threshold") && message.contains("a number from 0 to 1"), "\(message)")
    }

    @Test(arguments: [
        ("adam(-1)", "rate is -1"), ("adam(0/0)", "rate is"), ("adam(1e-3, beta1=1)", "beta1 is 1, but must be at least 0 and below 1"),
    ])
    func optimizersAreCheckedWhenMade(code: String, said: String) throws {
        let message = try failure(code)
        #expect(message.contains(said), "\(message)")
    }

    private func failure(_ code: String) throws -> String {
        let (session, _) = makeSession()
        do {
            _ = try session.run(source: code, name: "test")
        } catch {
            return session.render(error)
        }
        Issue.record("no error: \(code)")
        return ""
    }
}
