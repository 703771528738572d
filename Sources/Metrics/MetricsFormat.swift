/// A text form of the metrics.
public enum MetricsFormat: Sendable, CaseIterable {
    /// Prometheus text 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
    case prometheus
    /// OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).
    case openMetrics

    /// The value for the `Content-Type` header.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that an `Accept` header asks for: OpenMetrics where it is named, in version 1.0.0 or none, and not
    /// weighted below plain text; otherwise Prometheus text, which every scraper reads.
    public static func preferred(accept: String?) -> MetricsFormat {
        var openMetrics = 0.0
        var plainText = 0.0
        for range in (accept ?? "").split(separator: ",").map(MediaRange.init) {
            switch range.type {
            case "application/openmetrics-text" where range.version == nil || range.version == "1.0.0":
                openMetrics = max(openMetrics, range.weight)
            case "text/plain" where range.version == nil || range.version == "0.0.4":
                plainText = max(plainText, range.weight)
            default: break
            }
        }
        return openMetrics > 0 && openMetrics >= plainText ? .openMetrics : .prometheus
    }
}

/// One element of an `Accept` header (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1).
private struct MediaRange {
    let type: String
    var version: String?
    var weight = 1.0

    init(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.trimmingSpaces.lowercased() }
        type = parts.first ?? ""
        for parameter in parts.dropFirst() {
            let pair = parameter.split(separator: "=", maxSplits: 1).map { String($0.trimmingSpaces) }
            guard pair.count == 2 else { continue }
            switch pair[0] {
            case "q": weight = Double(pair[1]) ?? 0
            case "version": version = pair[1].filter { $0 != "\"" }
            default: break
            }
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }
}
