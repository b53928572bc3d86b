using System.ComponentModel.DataAnnotations;

namespace RenderFarm.Coordinator.Database;

/// <summary>Kinds of database that keep a farm's queue.</summary>
public enum DatabaseProvider
{
    /// <summary>A server that several coordinators share.</summary>
    Postgres,

    /// <summary>A file of one coordinator.</summary>
    Sqlite,
}

/// <summary>Which database keeps the farm's jobs; section <c>Database</c>.</summary>
public sealed class DatabaseOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Database";

    /// <summary>Kind of database.</summary>
    [EnumDataType(typeof(DatabaseProvider))]
    public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

    /// <summary>For Postgres <c>Host=...;Database=...;Username=...;Password=...</c>, for Sqlite <c>Data Source=FILE</c>.</summary>
    [Required(ErrorMessage = "Database:ConnectionString is missing: for Postgres give Host=...;Database=...;Username=...;Password=..., for Sqlite give Data Source=FILE.")]
    public string ConnectionString { get; set; } = "Data Source=renderfarm.db";
}
