// One connection and no request before it: the coordinator that sent the page need not be the one that goes on with it.
Blazor.start({
  circuit: { configureSignalR: builder => builder.withUrl('_blazor', { skipNegotiation: true, transport: 1 }) },
});
