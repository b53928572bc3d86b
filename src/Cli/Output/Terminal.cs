using System.Text.Json;
using RenderFarm.Shared;
using Spectre.Console;

namespace RenderFarm.Cli.Output;

/// <summary>Where the program writes: results to standard output, everything about getting them to standard error, so that results can be piped.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Input">Standard input.</param>
/// <param name="HasBars">Whether somebody looks at standard error, so that progress may move.</param>
internal sealed record Terminal(IAnsiConsole Out, IAnsiConsole Error, Stream Input, bool HasBars)
{
    public TextWriter Writer => Out.Profile.Out.Writer;

    public static Terminal OfThisProcess()
    {
        var error = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsOutputRedirected)
        {
            // A table in a pipe is for programs: no cell may be cut.
            AnsiConsole.Console.Profile.Width = 1000;
        }

        return new Terminal(AnsiConsole.Console, error, Console.OpenStandardInput(), !Console.IsErrorRedirected && error.Profile.Capabilities.Interactive);
    }

    /// <summary>A line of the result, as it is: never wrapped.</summary>
    public void Line(string text) => Writer.WriteLine(text);

    /// <summary>A line of JSON, as the API writes it.</summary>
    public void Json<T>(T value) => Line(JsonSerializer.Serialize(value, FarmJson.Options));

    /// <summary>Rows under headers, or a word where there are none.</summary>
    public void Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, string none)
    {
        var table = new Table().Border(TableBorder.None).AddColumns([.. headers.Select(header => new TableColumn(header.ToUpperInvariant()).NoWrap().PadRight(2))]);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        if (table.Rows.Count == 0)
        {
            Note(none);
        }
        else
        {
            Out.Write(table);
        }
    }

    public void Note(string text) => Error.Profile.Out.Writer.WriteLine(text);

    public void Complain(string text)
    {
        // Spectre wraps at 80 columns where there is no screen; a message in a log stays one line.
        if (HasBars)
        {
            Error.MarkupLineInterpolated($"[red]{text}[/]");
        }
        else
        {
            Note(text);
        }
    }
}
