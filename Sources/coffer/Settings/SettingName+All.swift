import Accounts
import CofferAPI
import Logging
import SQLCipher

extension SettingName {
    /// Every setting, in the order in which `coffer config` shows them.
    static let all: [SettingName] = [
        Setting<String>.host.name, Setting<UInt16>.port.name, Setting<String>.dataDirectory.name,
        Setting<String>.publicDirectory.name,
        Setting<String?>.adminToken.name, Setting<String?>.adminTokenFile.name,
        Setting<RegistrationPolicy>.registration.name, Setting<LoginThrottle.Limits>.loginFailures.name,
        Setting<RateLimit?>.registrationsPerAddress.name, Setting<MetricsAccess?>.metrics.name,
        Setting<ConnectionConfiguration.Synchronous>.synchronous.name,
        Setting<Int>.maxValueBytes.name, Setting<Int>.maxDatabaseBytes.name, Setting<Int>.maxWalBytes.name,
        Setting<Int>.userDiskBytes.name, Setting<Int>.backupKeep.name, Setting<Duration>.backupMaxAge.name,
        Setting<Duration>.backupInterval.name,
        Setting<Int>.passwordMemory.name, Setting<Int>.passwordOperations.name,
        Setting<Duration>.sessionIdleTimeout.name, Setting<Duration>.sessionLifetime.name,
        Setting<Duration>.sessionRemember.name,
        Setting<Duration>.researchLease.name, Setting<Int>.researchPerUser.name, Setting<Int>.researchTotal.name,
        Setting<Int>.readersPerUser.name, Setting<Duration>.acquireTimeout.name, Setting<Int>.acquireQueue.name,
        Setting<Duration>.connectionIdleTimeout.name, Setting<Duration>.connectionLifetime.name,
        Setting<Duration>.leakThreshold.name, Setting<Duration>.statementTimeout.name,
        Setting<Duration>.engineIdleTimeout.name, Setting<Duration>.reaperInterval.name,
        Setting<Duration>.reaperJitter.name, Setting<Duration>.releaseInterval.name,
        Setting<Int>.maxResponseRows.name, Setting<Int>.maxResponseBytes.name, Setting<Int>.maxBodyBytes.name,
        Setting<Int?>.descriptorBudget.name, Setting<Int?>.eventThreads.name, Setting<Int?>.workers.name,
        Setting<Int>.maxConnections.name, Setting<Int>.maxConnectionsPerAddress.name,
        Setting<Duration>.headerTimeout.name, Setting<Duration>.idleTimeout.name, Setting<Int>.minBodyRate.name,
        Setting<Duration>.shutdownTimeout.name,
        Setting<Logger.Level>.logLevel.name, Setting<LogFormat>.logFormat.name,
    ]
}
