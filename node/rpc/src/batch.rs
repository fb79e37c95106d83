//! Calls of one batch run side by side: a hundred submissions are checked, admitted and decided together, and not one after
//! the other. Answers stand in the order of the calls.

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use jsonrpsee_core::middleware::{Batch, BatchEntry, Notification, RpcServiceT};
use jsonrpsee_core::server::{BatchResponseBuilder, MethodResponse};
use jsonrpsee_types::Request;
use std::future::Future;

/// See the module.
#[derive(Clone, Debug)]
pub struct SideBySide<S> {
    /// What answers single calls.
    pub service: S,
    /// Largest answer in bytes.
    pub answer_bytes_max: usize,
}

impl<S> RpcServiceT for SideBySide<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.service.call(request)
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let service = self.service.clone();
        let mut answers = BatchResponseBuilder::new_with_limit(self.answer_bytes_max);
        async move {
            let calls = batch.into_iter().map(|entry| {
                let service = service.clone();
                async move {
                    match entry {
                        Ok(BatchEntry::Call(request)) => Some(service.call(request).await),
                        Ok(BatchEntry::Notification(notification)) => {
                            service.notification(notification).await;
                            None
                        }
                        Err(error) => {
                            let (error, id) = error.into_parts();
                            Some(MethodResponse::error(id, error))
                        }
                    }
                }
            });
            let mut calls: FuturesOrdered<_> = calls.collect();
            let (mut any, mut answered) = (false, false);
            while let Some(answer) = calls.next().await {
                any = true;
                let Some(answer) = answer else { continue };
                answered = true;
                // What is left then is not waited for.
                if let Err(too_large) = answers.append(answer) {
                    return too_large;
                }
            }
            if any && !answered {
                MethodResponse::notification()
            } else {
                MethodResponse::from_batch(answers.finish())
            }
        }
    }

    fn notification<'a>(&self, notification: Notification<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.service.notification(notification)
    }
}
