using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using RenderFarm.Cli.Commands;
using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Output;
using RenderFarm.Worker.Rendering.Child;

namespace RenderFarm.Cli;

/// <summary>The <c>renderfarm</c> program: its commands, and what every one of them does on an error and on Ctrl+C.</summary>
internal static class FarmProgram
{
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Tell more: log lines, and the whole of an error", Recursive = true };

    public static async Task<int> RunAsync(string[] arguments, Terminal terminal)
    {
        // Has neither options nor an end on Ctrl+C.
        if (arguments is [WorkerProcess.RenderProcessCommand])
        {
            return await RenderProcess.RunAsync();
        }

        using var interrupted = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Interrupt(context, interrupted));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Interrupt(context, interrupted));
        return await RunAsync(arguments, terminal, interrupted.Token);
    }

    public static async Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        var line = Root(terminal).Parse(arguments);
        if (UsageErrors.Of(line, arguments) is { Count: > 0 } errors)
        {
            foreach (var error in errors)
            {
                terminal.Complain(error);
            }

            terminal.Note($"'{string.Join(' ', NamesOf(line))} --help' shows how it is used.");
            return ExitCodes.Usage;
        }

        try
        {
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = terminal.Writer };
            return await line.InvokeAsync(invocation, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception fault)
        {
            terminal.Complain(Faults.Explain(fault));
            if (line.GetValue(Verbose))
            {
                terminal.Note(fault.ToString());
            }

            return ExitCodes.Failed;
        }
    }

    internal static RootCommand Root(Terminal terminal)
    {
        var root = new RootCommand("Text to image on a farm of workers, or on this machine alone.")
        {
            RenderCommand.Create(terminal, Verbose),
            UpCommand.Create(terminal, Verbose),
            SubmitCommand.Create(terminal),
            WatchCommand.Create(terminal),
            JobsCommand.Create(terminal),
            CancelCommand.Create(terminal),
            PauseCommand.Pause(terminal),
            PauseCommand.Resume(terminal),
            QuarantineCommand.Create(terminal),
            DownloadCommand.Create(terminal),
            WorkersCommand.Create(terminal),
            ModelsCommand.Create(terminal),
            HostCommands.Coordinator(),
            HostCommands.Worker(),
            SimulateCommand.Create(terminal),
            MigrateCommand.Create(terminal),
            AuditCommand.Create(terminal),
            KeyCommand.Create(terminal),
            Verbose,
        };
        root.Examples("renderfarm render \"a pizza on a blue background\" -n 4 -o out", "renderfarm up");
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples();
        return root;
    }

    /// <summary>The first signal asks the command to end in good order; a second one ends the program.</summary>
    private static void Interrupt(PosixSignalContext context, CancellationTokenSource interrupted)
    {
        context.Cancel = !interrupted.IsCancellationRequested;
        interrupted.Cancel();
    }

    private static Stack<string> NamesOf(ParseResult line)
    {
        var names = new Stack<string>();
        for (var result = line.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Push(result.Command is RootCommand ? "renderfarm" : result.Command.Name);
        }

        return names;
    }
}
