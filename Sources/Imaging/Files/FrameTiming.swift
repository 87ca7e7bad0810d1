/// Units of the step from frame to frame. Raw values are those of NIfTI's xyzt_units.
enum FrameUnit: UInt8, CaseIterable {
    case seconds = 8, milliseconds = 16, microseconds = 24, hertz = 32, partsPerMillion = 40, radiansPerSecond = 48

    /// As NRRD files name it.
    var name: String {
        switch self {
        case .seconds: "s"
        case .milliseconds: "ms"
        case .microseconds: "us"
        case .hertz: "Hz"
        case .partsPerMillion: "ppm"
        case .radiansPerSecond: "rad/s"
        }
    }

    /// Nil for a name that is not known.
    init?(name: String) {
        switch name.lowercased() {
        case "s", "sec", "second", "seconds": self = .seconds
        case "ms", "msec", "millisecond", "milliseconds": self = .milliseconds
        case "us", "usec", "µs", "μs", "microsecond", "microseconds": self = .microseconds
        case "hz", "hertz": self = .hertz
        case "ppm": self = .partsPerMillion
        case "rad/s": self = .radiansPerSecond
        default: return nil
        }
    }

    /// Seconds of one, where it is a time.
    var seconds: Double? {
        switch self {
        case .seconds: 1
        case .milliseconds: 1e-3
        case .microseconds: 1e-6
        case .hertz, .partsPerMillion, .radiansPerSecond: nil
        }
    }
}

extension FileHeader {
    /// The unit of the step from frame to frame, where it is known.
    var frameUnit: FrameUnit? {
        get { FrameUnit(rawValue: units & 0x38) }
        set { units = units & ~0x38 | (newValue?.rawValue ?? 0) }
    }

    /// The step from frame to frame that the file told, above 0.
    var frameStep: Double? {
        let step = furtherSteps[0]
        return statesFrameStep && step.isFinite && step > 0 ? step : nil
    }

    /// The step in milliseconds, where it is one of time.
    var repetitionTime: Double? {
        guard let step = frameStep, let unit = frameUnit?.seconds else { return nil }
        return step * unit * 1000
    }

    /// What differs of the frames' timing, for formats in which fields do not correspond one to one.
    func timingDifference(from other: FileHeader) -> String? {
        func text(_ h: FileHeader) -> String {
            "\(h.frameStep.map { "\($0)" } ?? "none") \(h.frameUnit?.name ?? "of no unit") from \(h.toffset)"
        }
        let same = frameStep == other.frameStep && (frameStep == nil || frameUnit == other.frameUnit) && toffset == other.toffset
        return same ? nil : "step from frame to frame: \(text(self)) became \(text(other))"
    }
}
