using RenderFarm.Cli;
using RenderFarm.Cli.Output;

return await FarmProgram.RunAsync(args, Terminal.OfThisProcess());
