import Glibc

/// Times for taking differences.
public enum Clock {
    /// Seconds since some fixed moment; never goes back (CLOCK_MONOTONIC).
    public static var seconds: Double { read(CLOCK_MONOTONIC) }

    /// Processor seconds that all threads of this process have used.
    public static var processorSeconds: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// A date and a time of day, as people have them here.
public struct Moment: Sendable {
    /// Year, month, day, hour, minute, second.
    public let parts: [Int]

    /// The present one.
    public static var now: Moment {
        var seconds = time(nil), fields = tm()
        localtime_r(&seconds, &fields)
        return Moment(
            parts: [fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday, fields.tm_hour, fields.tm_min, fields.tm_sec].map { Int($0) })
    }

    /// "2026-03-01 14:05:09"
    public var text: String {
        let shown = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }
        return shown[..<3].joined(separator: "-") + " " + shown[3...].joined(separator: ":")
    }
}
