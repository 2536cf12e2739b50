/// What of MLflow's answers is read.
enum MLflowAnswer {
    struct Empty: Decodable {}

    struct Experiment: Decodable {
        struct Contents: Decodable {
            let experimentId: String
            let lifecycleStage: String?
        }
        let experiment: Contents
    }

    struct NewExperiment: Decodable {
        let experimentId: String
    }

    struct Run: Decodable {
        struct Contents: Decodable {
            let info: Info
            let data: Values?
        }
        struct Info: Decodable {
            let runId: String
            let experimentId: String
            let lifecycleStage: String?
        }
        struct Values: Decodable {
            let metrics: [Metric]?
            let params: [Parameter]?
        }
        let run: Contents
    }

    struct Parameter: Decodable {
        let key: String
    }

    struct History: Decodable {
        let metrics: [Metric]?
        let nextPageToken: String?
    }

    /// A point of a metric.
    struct Metric: Decodable {
        let key: String
        let value: Double
        let timestamp: Int
        let step: Int

        enum CodingKeys: CodingKey { case key, value, timestamp, step }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            key = try fields.decode(String.self, forKey: .key)
            // A number that is not finite comes as a text.
            value =
                if let number = try? fields.decode(Double.self, forKey: .value) {
                    number
                } else {
                    Double(try fields.decode(String.self, forKey: .value)) ?? .nan
                }
            timestamp = try Self.whole(fields, .timestamp)
            step = try Self.whole(fields, .step)
        }

        init(key: String, value: Double, timestamp: Int, step: Int) {
            self.key = key
            self.value = value
            self.timestamp = timestamp
            self.step = step
        }

        /// Whole numbers of 64 bits may come as texts, and a zero not at all.
        private static func whole(_ fields: KeyedDecodingContainer<CodingKeys>, _ name: CodingKeys) throws -> Int {
            if let number = try? fields.decodeIfPresent(Int.self, forKey: name) { return number }
            return try fields.decodeIfPresent(String.self, forKey: name).flatMap(Int.init) ?? 0
        }
    }
}
