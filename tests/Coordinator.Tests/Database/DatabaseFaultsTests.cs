using Npgsql;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Tests.Database;

public sealed class DatabaseFaultsTests
{
    [Theory]
    [InlineData(PostgresErrorCodes.InvalidPassword)]
    [InlineData(PostgresErrorCodes.InvalidAuthorizationSpecification)]
    [InlineData(PostgresErrorCodes.TooManyConnections)]
    [InlineData(PostgresErrorCodes.DiskFull)]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    [InlineData(PostgresErrorCodes.UndefinedTable)]
    public void A_server_that_serves_nobody_is_waited_for(string sqlState) =>
        Assert.True(DatabaseFaults.IsAway(new InvalidOperationException("wrapped", Refusal(sqlState))));

    [Theory]
    [InlineData(PostgresErrorCodes.UniqueViolation)]
    [InlineData(PostgresErrorCodes.NumericValueOutOfRange)]
    [InlineData(PostgresErrorCodes.SyntaxError)]
    public void A_statement_that_is_refused_is_not_waited_for(string sqlState) => Assert.False(DatabaseFaults.IsAway(Refusal(sqlState)));

    private static PostgresException Refusal(string sqlState) => new("refused", "ERROR", "ERROR", sqlState);
}
